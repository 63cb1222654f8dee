// Loaded by Node ahead of the Observatory, which knows no ports: whatever it connects to is on loopback.
import net from "node:net";

const PORTS = { 80: process.env.HTTP_PORT, 443: process.env.HTTPS_PORT };
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  options.host = "127.0.0.1";
  options.lookup = undefined;
  options.port = Number(PORTS[options.port]);
  return connect.apply(this, args);
};
