// The site on Azure: docs/hosting.md. `azd provision` asks for what has no default.
targetScope = 'subscription'

@minLength(1)
@maxLength(16)
@description('Names what is made: the resource group is rg-NAME.')
param environmentName string

@description('Where everything stands.')
param location string

@description('The host name that people open, such as book.example.org. Bind it to the web app, with its certificate.')
param hostName string

@description('The sender of mails: Tafel <book@example.org>.')
param emailFrom string

@description('Who runs the site, with a postal address in one line.')
param operator string

@description('Where people write about their data.')
param operatorEmail string

@secure()
@minLength(50)
@description('Signs sessions, links and forms. At least 50 random characters.')
param secretKey string

@secure()
@description('Former keys, separated by commas: what they signed still counts. Empty: none.')
param secretKeyFallbacks string = ''

@secure()
@description('The server that sends mails: smtp+tls://user:password@host:587.')
param emailUrl string

@description('The image that is deployed; deploy.sh builds it and hands it in. Empty: a page of Microsoft\'s until then.')
param image string = ''

@description('Names the release in the keys of what is cached.')
param release string = ''

@allowed(['postgresql', 'sql'])
@description('PostgreSQL Flexible Server, or Azure SQL.')
param database string = 'postgresql'

@description('A read replica for reports and exports; PostgreSQL alone.')
param databaseReplica bool = false

@description('PostgreSQL: the size, such as Standard_D2ds_v5.')
param postgresSize string = 'Standard_D2ds_v5'

@description('Azure SQL: the size, such as GP_Gen5_2.')
param sqlSize string = 'GP_Gen5_2'

@description('A Redis of their own for sessions, where what is cached does not drive them out.')
param sessionsRedis bool = false

@description('Azure Managed Redis: the size, such as Balanced_B1.')
param redisSize string = 'Balanced_B1'

@description('Copies the history to Azure Cosmos DB for NoSQL.')
param cosmos bool = false

@minValue(0)
@maxValue(24855)
@description('After so many days an event\'s copy ends; 0 is never.')
param cosmosTtlDays int = 0

@description('App Service: the size, with slots, such as P1v3 (2 cores).')
param webSize string = 'P1v3'

@minValue(2)
@maxValue(30)
@description('How many machines serve.')
param webMachines int = 2

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var webName = 'web-${token}'

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module network 'modules/network.bicep' = {
  scope: group
  params: { location: location, token: token, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: { location: location, token: token, tags: tags }
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { location: location, token: token, tags: tags }
}

module registry 'modules/registry.bicep' = {
  scope: group
  params: { location: location, token: token, tags: tags, principalId: identity.outputs.principalId }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    principalId: identity.outputs.principalId
    networkId: network.outputs.networkId
    subnetId: network.outputs.endpointsSubnetId
    secretKey: secretKey
    secretKeyFallbacks: secretKeyFallbacks
    emailUrl: emailUrl
  }
}

module photos 'modules/storage.bicep' = {
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    principalId: identity.outputs.principalId
    networkId: network.outputs.networkId
    subnetId: network.outputs.endpointsSubnetId
  }
}

module cache 'modules/redis.bicep' = {
  scope: group
  params: {
    name: 'redis-${token}'
    location: location
    tags: tags
    size: redisSize
    evictionPolicy: 'VolatileLRU'
    principalId: identity.outputs.principalId
    subnetId: network.outputs.endpointsSubnetId
    zoneId: network.outputs.redisZoneId
  }
}

module sessions 'modules/redis.bicep' = if (sessionsRedis) {
  scope: group
  params: {
    name: 'sessions-${token}'
    location: location
    tags: tags
    size: redisSize
    evictionPolicy: 'VolatileTTL'
    principalId: identity.outputs.principalId
    subnetId: network.outputs.endpointsSubnetId
    zoneId: network.outputs.redisZoneId
  }
}

module postgres 'modules/postgres.bicep' = if (database == 'postgresql') {
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: postgresSize
    replica: databaseReplica
    principalId: identity.outputs.principalId
    principalName: identity.outputs.name
    networkId: network.outputs.networkId
    subnetId: network.outputs.endpointsSubnetId
  }
}

module sql 'modules/sql.bicep' = if (database == 'sql') {
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: sqlSize
    principalId: identity.outputs.clientId
    principalName: identity.outputs.name
    networkId: network.outputs.networkId
    subnetId: network.outputs.endpointsSubnetId
  }
}

module history 'modules/cosmos.bicep' = if (cosmos) {
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    ttlDays: cosmosTtlDays
    principalId: identity.outputs.principalId
    networkId: network.outputs.networkId
    subnetId: network.outputs.endpointsSubnetId
  }
}

// Sign-in to every service is by the machines' own identity: there is no password to rotate but the mail server's.
var databaseSettings = database == 'postgresql' ? {
  AZURE_POSTGRESQL_HOST: postgres!.outputs.host
  AZURE_POSTGRESQL_NAME: postgres!.outputs.database
  AZURE_POSTGRESQL_USER: identity.outputs.name
  AZURE_POSTGRESQL_CLIENTID: identity.outputs.clientId
} : {
  AZURE_SQL_SERVER: sql!.outputs.host
  AZURE_SQL_DATABASE: sql!.outputs.database
  AZURE_SQL_CLIENTID: identity.outputs.clientId
}
var replicaSettings = database == 'postgresql' && databaseReplica ? {
  DATABASE_REPLICA_URL: 'postgresql://${identity.outputs.name}@${postgres!.outputs.replicaHost}:5432/${postgres!.outputs.database}?sslmode=verify-full&sslrootcert=system&entra=${identity.outputs.clientId}'
} : {}
var sessionsSettings = sessionsRedis ? {
  SESSIONS_REDIS_URL: 'rediss://${sessions!.outputs.host}:10000/0?entra=${identity.outputs.clientId}'
} : {}
var cosmosSettings = cosmos ? {
  COSMOS_URL: history!.outputs.url
  COSMOS_DATABASE: history!.outputs.database
  COSMOS_CONTAINER: history!.outputs.container
  COSMOS_TTL_DAYS: string(cosmosTtlDays)
} : {}
var settings = union({
  SITE_ENV: 'production'
  SITE_URL: 'https://${hostName}'
  ALLOWED_HOSTS: '${hostName},${webName}.azurewebsites.net,${webName}-staging.azurewebsites.net'
  EMAIL_FROM: emailFrom
  OPERATOR: operator
  OPERATOR_EMAIL: operatorEmail
  REDIS_URL: 'rediss://${cache.outputs.host}:10000/0?entra=${identity.outputs.clientId}'
  PHOTOS_URL: photos.outputs.url
  TRUSTED_HOPS: '1'
  RELEASE: release
  // Which of the machine's identities is meant, for Azure's own libraries.
  AZURE_CLIENT_ID: identity.outputs.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
}, databaseSettings, replicaSettings, sessionsSettings, cosmosSettings)

module web 'modules/web.bicep' = {
  scope: group
  params: {
    name: webName
    location: location
    token: token
    tags: tags
    size: webSize
    machines: webMachines
    image: image
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    subnetId: network.outputs.webSubnetId
    settings: settings
    secrets: vault.outputs.secrets
    workspaceId: monitoring.outputs.workspaceId
  }
}

module jobs 'modules/jobs.bicep' = {
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    image: image
    registryHost: registry.outputs.host
    identityId: identity.outputs.id
    subnetId: network.outputs.jobsSubnetId
    settings: settings
    secrets: vault.outputs.secrets
    workspaceName: monitoring.outputs.workspaceName
  }
}

// azd keeps these; infra/azure/deploy.sh reads them.
output AZURE_RESOURCE_GROUP string = group.name
output WEB_NAME string = web.outputs.name
output JOBS_NAME string = jobs.outputs.loopName
output RELEASE_JOB_NAME string = jobs.outputs.releaseName
output REGISTRY_NAME string = registry.outputs.name
output REGISTRY_HOST string = registry.outputs.host
