#!/bin/sh
# Write what compose.yaml mounts as secrets, each once: what is there stays. Nothing is printed.
#
#   sh infra/compose/secrets.sh 'smtp+tls://user:password@mail.example.org:587'
#
# The folder is its owner's alone; the files in it can be read by the containers' users.
set -eu
mail=${1:?the mail server: smtp+tls://user:password@host:587}
cd "$(dirname "$0")/../.."
mkdir -p secrets
chmod 700 secrets
umask 022

keep() {
    if [ ! -s "secrets/$1" ]; then
        printf '%s' "$2" > "secrets/$1"
    fi
}

random() {
    head -c 1000 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | head -c "$1"
}

keep secret_key "$(random 64)"
keep database_password "$(random 40)"
keep database_url "postgresql://site:$(cat secrets/database_password)@database:5432/site"
keep redis_url "redis://cache:6379/0"
keep sessions_redis_url "redis://sessions:6379/0"
keep email_url "$mail"

# One's own certificate goes where this one would: until then browsers warn of it.
if [ ! -s secrets/certificate ] || [ ! -s secrets/certificate_key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
        -keyout secrets/certificate_key -out secrets/certificate 2> /dev/null
    chmod 644 secrets/certificate_key
fi
