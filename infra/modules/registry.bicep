// Where images are built (az acr build) and kept. The site may pull them; nobody has a password.
param location string
param token string
param tags object
param principalId string

var pull = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' = {
  name: 'site${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

resource pulls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, principalId, pull)
  scope: registry
  properties: { roleDefinitionId: pull, principalId: principalId, principalType: 'ServicePrincipal' }
}

output name string = registry.name
output host string = registry.properties.loginServer
