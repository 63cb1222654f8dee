// Azure SQL, with Entra ID alone. Read committed snapshot, which the site counts on, is its default.
param location string
param token string
param tags object
param size string
param principalId string
param principalName string
param networkId string
param subnetId string

resource server 'Microsoft.Sql/servers@2023-08-01' = {
  name: 'sql-${token}'
  location: location
  tags: tags
  properties: {
    minimalTlsVersion: '1.2'
    publicNetworkAccess: 'Disabled'
    administrators: {
      administratorType: 'ActiveDirectory'
      azureADOnlyAuthentication: true
      login: principalName
      principalType: 'Application'
      sid: principalId
      tenantId: subscription().tenantId
    }
  }

  resource database 'databases' = {
    name: 'site'
    location: location
    tags: tags
    sku: { name: size }
    properties: {
      collation: 'SQL_Latin1_General_CP1_CI_AS'
      zoneRedundant: true
    }
  }
}

module zone 'zone.bicep' = {
  params: { name: 'privatelink${environment().suffixes.sqlServerHostname}', tags: tags, networkId: networkId }
}

module endpoint 'endpoint.bicep' = {
  params: {
    name: 'pe-sql-${token}'
    location: location
    tags: tags
    serviceId: server.id
    kind: 'sqlServer'
    subnetId: subnetId
    zoneId: zone.outputs.id
  }
}

output host string = server.properties.fullyQualifiedDomainName
output database string = server::database.name
