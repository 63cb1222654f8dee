// Photos. The site serves them itself, so nobody else may read the container.
param location string
param token string
param tags object
param principalId string
param networkId string
param subnetId string

var write = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'photos${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: 'Disabled'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 14 }
    }

    resource photos 'containers' = {
      name: 'photos'
    }
  }
}

resource writes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, write)
  scope: account
  properties: { roleDefinitionId: write, principalId: principalId, principalType: 'ServicePrincipal' }
}

module zone 'zone.bicep' = {
  params: { name: 'privatelink.blob.${environment().suffixes.storage}', tags: tags, networkId: networkId }
}

module endpoint 'endpoint.bicep' = {
  params: {
    name: 'pe-photos-${token}'
    location: location
    tags: tags
    serviceId: account.id
    kind: 'blob'
    subnetId: subnetId
    zoneId: zone.outputs.id
  }
}

output url string = '${account.properties.primaryEndpoints.blob}photos'
