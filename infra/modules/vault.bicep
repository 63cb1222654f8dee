// The secrets that remain. Written through the resource manager: the vault itself is reached from the network alone.
param location string
param token string
param tags object
param principalId string
param networkId string
param subnetId string

@secure()
param secretKey string

@secure()
param secretKeyFallbacks string

@secure()
param emailUrl string

var read = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: 'kv-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    publicNetworkAccess: 'Disabled'
  }

  resource key 'secrets' = {
    name: 'secret-key'
    properties: { value: secretKey }
  }

  // A vault keeps no empty value; a comma alone names no key.
  resource fallbacks 'secrets' = {
    name: 'secret-key-fallbacks'
    properties: { value: empty(secretKeyFallbacks) ? ',' : secretKeyFallbacks }
  }

  resource mail 'secrets' = {
    name: 'email-url'
    properties: { value: emailUrl }
  }
}

resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, principalId, read)
  scope: vault
  properties: { roleDefinitionId: read, principalId: principalId, principalType: 'ServicePrincipal' }
}

module zone 'zone.bicep' = {
  params: { name: 'privatelink.vaultcore.azure.net', tags: tags, networkId: networkId }
}

module endpoint 'endpoint.bicep' = {
  params: {
    name: 'pe-vault-${token}'
    location: location
    tags: tags
    serviceId: vault.id
    kind: 'vault'
    subnetId: subnetId
    zoneId: zone.outputs.id
  }
}

// Without a version: a new value is taken within a day, or at a restart.
output secrets object = {
  SECRET_KEY: '${vault.properties.vaultUri}secrets/secret-key'
  SECRET_KEY_FALLBACKS: '${vault.properties.vaultUri}secrets/secret-key-fallbacks'
  EMAIL_URL: '${vault.properties.vaultUri}secrets/email-url'
}
