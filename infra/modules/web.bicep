// The web tier: App Service for containers, with a slot that a release is warmed up in before it is swapped in.
param name string
param location string
param token string
param tags object
param size string
param machines int
param image string
param identityId string
param identityClientId string
param subnetId string
param settings object
param secrets object
param workspaceId string

var port = '8000'
var shown = empty(image) ? 'mcr.microsoft.com/appsvc/staticsite:latest' : image
var kept = {
  PORT: port
  WEBSITES_PORT: port
  WEB_CONCURRENCY: '3'
  // The container is given this long to answer at all, in seconds.
  WEBSITES_CONTAINER_START_TIME_LIMIT: '180'
  // Nothing is kept on a machine: photos are in the storage account.
  WEBSITES_ENABLE_APP_SERVICE_STORAGE: 'false'
  // A slot takes over once this answers 200: it asks the database. By HTTP, and ahead of any Host.
  WEBSITE_SWAP_WARMUP_PING_PATH: '/readyz'
  WEBSITE_SWAP_WARMUP_PING_STATUSES: '200'
  // A machine that fails its health check for so many minutes is taken out.
  WEBSITE_HEALTHCHECK_MAXPINGFAILURES: '3'
}
var referred = reduce(items(secrets), {}, (all, one) => union(all, { '${one.key}': '@Microsoft.KeyVault(SecretUri=${one.value})' }))
var configuration = {
  linuxFxVersion: 'DOCKER|${shown}'
  acrUseManagedIdentityCreds: true
  acrUserManagedIdentityID: identityClientId
  alwaysOn: true
  healthCheckPath: '/healthz'
  http20Enabled: true
  minTlsVersion: '1.2'
  ftpsState: 'Disabled'
  vnetRouteAllEnabled: true
  numberOfWorkers: machines
}
var properties = {
  serverFarmId: plan.id
  httpsOnly: true
  // Any machine can answer anybody.
  clientAffinityEnabled: false
  virtualNetworkSubnetId: subnetId
  keyVaultReferenceIdentity: identityId
  siteConfig: configuration
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'linux'
  sku: { name: size, capacity: machines }
  properties: { reserved: true, zoneRedundant: machines > 1 }
}

resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'app,linux,container'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: properties

  resource variables 'config' = {
    name: 'appsettings'
    properties: union(settings, referred, kept)
  }
}

resource staging 'Microsoft.Web/sites/slots@2024-04-01' = {
  parent: site
  name: 'staging'
  location: location
  tags: tags
  kind: 'app,linux,container'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: properties

  resource variables 'config' = {
    name: 'appsettings'
    properties: union(settings, referred, kept)
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: site
  properties: {
    workspaceId: workspaceId
    // What the site itself writes. Not the platform's access log: addresses of reservations are secrets.
    logs: [
      { category: 'AppServiceConsoleLogs', enabled: true }
      { category: 'AppServicePlatformLogs', enabled: true }
    ]
  }
}

output name string = site.name
