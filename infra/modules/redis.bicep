// Azure Managed Redis: TLS alone, Entra ID instead of a key. The Enterprise policy: any client, one address.
param name string
param location string
param tags object
param size string
param evictionPolicy string
param principalId string
param subnetId string
param zoneId string

resource redis 'Microsoft.Cache/redisEnterprise@2025-04-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: size }
  properties: {
    highAvailability: 'Enabled'
    minimumTlsVersion: '1.2'
  }

  resource database 'databases' = {
    name: 'default'
    properties: {
      port: 10000
      clientProtocol: 'Encrypted'
      clusteringPolicy: 'EnterpriseCluster'
      evictionPolicy: evictionPolicy
      accessKeysAuthentication: 'Disabled'
    }

    resource site 'accessPolicyAssignments' = {
      name: 'site'
      properties: {
        accessPolicyName: 'default'
        user: { objectId: principalId }
      }
    }
  }
}

module endpoint 'endpoint.bicep' = {
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    serviceId: redis.id
    kind: 'redisEnterprise'
    subnetId: subnetId
    zoneId: zoneId
  }
}

output host string = redis.properties.hostName
