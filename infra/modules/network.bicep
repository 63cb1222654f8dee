// One network: the web app and the jobs reach every service by private endpoints.
param location string
param token string
param tags object

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'net-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/16'] }
    subnets: [
      {
        name: 'web'
        properties: {
          addressPrefix: '10.20.0.0/24'
          delegations: [{ name: 'web', properties: { serviceName: 'Microsoft.Web/serverFarms' } }]
        }
      }
      {
        name: 'jobs'
        properties: {
          addressPrefix: '10.20.2.0/23'
          delegations: [{ name: 'jobs', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.20.4.0/24'
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

// Here and not in the module of Redis: two of them share it.
module redisZone 'zone.bicep' = {
  params: { name: 'privatelink.redis.azure.net', tags: tags, networkId: network.id }
}

output networkId string = network.id
output webSubnetId string = network.properties.subnets[0].id
output jobsSubnetId string = network.properties.subnets[1].id
output endpointsSubnetId string = network.properties.subnets[2].id
output redisZoneId string = redisZone.outputs.id
