#!/bin/sh
# Deploy what is checked out to the Azure that `azd provision` made: build, migrate, warm up, swap.
# The release before goes on serving until the swap, on the new schema. Nothing is swapped in that did not
# migrate or does not answer. `sh infra/azure/deploy.sh back` swaps the release before in again.
set -eu
cd "$(dirname "$0")/../.."

value() { azd env get-value "$1"; }

group=$(value AZURE_RESOURCE_GROUP)
web=$(value WEB_NAME)
loop=$(value JOBS_NAME)
job=$(value RELEASE_JOB_NAME)
registry=$(value REGISTRY_NAME)
host=$(value REGISTRY_HOST)

swap() {
    # Waits until /readyz of the staging slot answers 200 on every machine, then changes the names.
    az webapp deployment slot swap --resource-group "$group" --name "$web" --slot staging --target-slot production
}

follow() {
    # The job loop follows what serves, and azd knows it: the next `azd provision` starts the same.
    az containerapp update --resource-group "$group" --name "$loop" --image "$1" \
        --set-env-vars "RELEASE=${1##*:}" --output none
    azd env set IMAGE "$1"
    azd env set RELEASE "${1##*:}"
}

if [ "${1:-}" = back ]; then
    swap
    image=$(az webapp config show --resource-group "$group" --name "$web" --query linuxFxVersion --output tsv)
    follow "${image#DOCKER|}"
    echo "Back on ${image#DOCKER|}. The schema stays: it only ever grows."
    exit
fi

tag=${1:-$(git rev-parse --short=12 HEAD)}
image="$host/site:$tag"

echo "1. Build $image"
az acr build --registry "$registry" --image "site:$tag" --file Dockerfile . --output none

echo "2. Migrate, inside the network"
az containerapp job update --resource-group "$group" --name "$job" --image "$image" --output none
run=$(az containerapp job start --resource-group "$group" --name "$job" --query name --output tsv)
while :; do
    state=$(az containerapp job execution show --resource-group "$group" --name "$job" \
        --job-execution-name "$run" --query properties.status --output tsv)
    case $state in
        Succeeded) break ;;
        Failed | Degraded | Stopped)
            echo "The migration ended as $state: nothing was swapped in." >&2
            exit 1
            ;;
    esac
    sleep "${POLL_SECONDS:-5}"
done

echo "3. Start it in the staging slot"
az webapp config appsettings set --resource-group "$group" --name "$web" --slot staging \
    --settings "RELEASE=$tag" --output none
az webapp config container set --resource-group "$group" --name "$web" --slot staging \
    --container-image-name "$image" --output none

echo "4. Swap it in once it is warm"
swap
follow "$image"
echo "$tag serves."
