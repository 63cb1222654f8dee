// The job loop and the release step, of the same image as the web tier. Not on App Service: that restarts a
// container which answers no HTTP, and a sidecar or WebJob would come and go with the machines that serve.
param location string
param token string
param tags object
param image string
param registryHost string
param identityId string
param subnetId string
param settings object
param secrets object
param workspaceName string

var shown = empty(image) ? 'mcr.microsoft.com/k8se/quickstart-jobs:latest' : image
var registries = [{ server: registryHost, identity: identityId }]
var kept = [for one in items(secrets): {
  name: toLower(replace(one.key, '_', '-'))
  keyVaultUrl: one.value
  identity: identityId
}]
var referred = [for one in items(secrets): { name: one.key, secretRef: toLower(replace(one.key, '_', '-')) }]
var told = [for one in items(settings): { name: one.key, value: one.value }]
var variables = concat(told, referred)
var resources = { cpu: json('0.5'), memory: '1Gi' }
var identity = { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: 'jobs-${token}'
  location: location
  tags: tags
  properties: {
    vnetConfiguration: { infrastructureSubnetId: subnetId, internal: true }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: workspace.properties.customerId
        sharedKey: workspace.listKeys().primarySharedKey
      }
    }
  }
}

resource loop 'Microsoft.App/containerApps@2024-03-01' = {
  name: 'loop-${token}'
  location: location
  tags: tags
  identity: identity
  properties: {
    managedEnvironmentId: environment.id
    configuration: { registries: registries, secrets: kept }
    template: {
      containers: [
        {
          name: 'loop'
          image: shown
          command: ['python', 'manage.py', 'run_jobs']
          env: variables
          resources: resources
        }
      ]
      // A conversation with a mail server takes 40 s at most.
      terminationGracePeriodSeconds: 45
      scale: { minReplicas: 1, maxReplicas: 1 }
    }
  }
}

resource release 'Microsoft.App/jobs@2024-03-01' = {
  name: 'release-${token}'
  location: location
  tags: tags
  identity: identity
  properties: {
    environmentId: environment.id
    configuration: {
      triggerType: 'Manual'
      manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
      replicaRetryLimit: 0
      replicaTimeout: 1800
      registries: registries
      secrets: kept
    }
    template: {
      containers: [
        {
          name: 'release'
          image: shown
          command: ['python', 'manage.py', 'migrate', '--noinput']
          env: variables
          resources: resources
        }
      ]
    }
  }
}

output loopName string = loop.name
output releaseName string = release.name
