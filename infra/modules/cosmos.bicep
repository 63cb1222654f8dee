// The history's copy: docs/history.md. The identity's role makes no container, so both are made here.
param location string
param token string
param tags object
param ttlDays int
param principalId string
param networkId string
param subnetId string

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: 'cosmos-${token}'
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [{ locationName: location, failoverPriority: 0 }]
    consistencyPolicy: { defaultConsistencyLevel: 'Session' }
    capabilities: [{ name: 'EnableServerless' }]
    disableLocalAuth: true
    publicNetworkAccess: 'Disabled'
    minimalTlsVersion: 'Tls12'
  }

  resource database 'sqlDatabases' = {
    name: 'restaurants'
    properties: { resource: { id: 'restaurants' } }

    resource events 'containers' = {
      name: 'history'
      properties: {
        resource: {
          id: 'history'
          partitionKey: { paths: ['/restaurant'], kind: 'Hash' }
          // In seconds; -1 is never.
          defaultTtl: ttlDays > 0 ? ttlDays * 86400 : -1
        }
      }
    }
  }

  // Cosmos DB Built-in Data Contributor.
  resource writes 'sqlRoleAssignments' = {
    name: guid(account.id, principalId, 'contributor')
    properties: {
      principalId: principalId
      roleDefinitionId: '${account.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002'
      scope: account.id
    }
  }
}

module zone 'zone.bicep' = {
  params: { name: 'privatelink.documents.azure.com', tags: tags, networkId: networkId }
}

module endpoint 'endpoint.bicep' = {
  params: {
    name: 'pe-cosmos-${token}'
    location: location
    tags: tags
    serviceId: account.id
    kind: 'Sql'
    subnetId: subnetId
    zoneId: zone.outputs.id
  }
}

output url string = account.properties.documentEndpoint
output database string = account::database.name
output container string = account::database::events.name
