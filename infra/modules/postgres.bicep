// Azure Database for PostgreSQL Flexible Server: zones, Entra ID alone, and a replica where it is asked for.
param location string
param token string
param tags object
param size string
param replica bool
param principalId string
param principalName string
param networkId string
param subnetId string

var tier = startsWith(size, 'Standard_B') ? 'Burstable' : startsWith(size, 'Standard_E') ? 'MemoryOptimized' : 'GeneralPurpose'

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: 'pg-${token}'
  location: location
  tags: tags
  sku: { name: size, tier: tier }
  properties: {
    version: '17'
    storage: { storageSizeGB: 64, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: 14, geoRedundantBackup: 'Disabled' }
    highAvailability: { mode: tier == 'Burstable' ? 'Disabled' : 'ZoneRedundant' }
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: subscription().tenantId
    }
    network: { publicNetworkAccess: 'Disabled' }
  }

  // The site migrates, so its tables are its own.
  resource site 'administrators' = {
    name: principalId
    properties: {
      principalName: principalName
      principalType: 'ServicePrincipal'
      tenantId: subscription().tenantId
    }
  }

  resource database 'databases' = {
    name: 'site'
    properties: { charset: 'UTF8', collation: 'en_US.utf8' }
    dependsOn: [site]
  }
}

resource reader 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = if (replica) {
  name: 'pg-${token}-reader'
  location: location
  tags: tags
  sku: { name: size, tier: tier }
  properties: {
    createMode: 'Replica'
    sourceServerResourceId: server.id
    network: { publicNetworkAccess: 'Disabled' }
  }
  dependsOn: [server::database]
}

module zone 'zone.bicep' = {
  params: { name: 'privatelink.postgres.database.azure.com', tags: tags, networkId: networkId }
}

module endpoint 'endpoint.bicep' = {
  params: {
    name: 'pe-pg-${token}'
    location: location
    tags: tags
    serviceId: server.id
    kind: 'postgresqlServer'
    subnetId: subnetId
    zoneId: zone.outputs.id
  }
}

module readerEndpoint 'endpoint.bicep' = if (replica) {
  params: {
    name: 'pe-pg-${token}-reader'
    location: location
    tags: tags
    serviceId: reader.id
    kind: 'postgresqlServer'
    subnetId: subnetId
    zoneId: zone.outputs.id
  }
}

output host string = server.properties.fullyQualifiedDomainName
output database string = server::database.name
output replicaHost string = replica ? reader!.properties.fullyQualifiedDomainName : ''
