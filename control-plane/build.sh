#!/usr/bin/env bash
# Builds ../dist/monopod-control-plane; does nothing if its inputs are those of the last build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
kubernetes=v1.36.3
gateway_api=v1.6.3 gateway_api_sum=h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=
output=${1:-../dist/monopod-control-plane}
inputs=$({
    find . -type f \( -name '*.go' -o -name '*.yaml' -o -name go.mod -o -name go.sum -o -name build.sh \) -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum
    go version
} | sha256sum | cut -d' ' -f1)
if [[ -x $output && $(cat "$output.inputs" 2>/dev/null || true) == "$inputs" ]]; then
    echo "monopod-control-plane is up to date"
    exit 0
fi
mkdir -p "$(dirname "$output")"
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$kubernetes -X $package.gitMajor=1 -X $package.gitMinor=36 -X $package.gitTreeState=clean"
done
GOFLAGS="-mod=readonly -buildvcs=false" go build -v -trimpath -ldflags "$flags" -o "$output.new" .
mv "$output.new" "$output"

# Upstream's definitions of the Gateway API, from its Go module.
module=$(cd / && go mod download -json "sigs.k8s.io/gateway-api@$gateway_api")
if [[ $module != *"\"Sum\": \"$gateway_api_sum\""* ]]; then
    echo "the module of the Gateway API is not the one that was checked in: $module" >&2
    exit 1
fi
definitions=$(dirname "$output")/gateway-api
rm -rf "$definitions"
mkdir -p "$definitions"
cp "$(sed -n 's/.*"Dir": "\(.*\)",*/\1/p' <<<"$module")"/config/crd/standard/*_{gatewayclasses,gateways,grpcroutes,httproutes,referencegrants,tlsroutes}.yaml "$definitions"
chmod 644 "$definitions"/*
echo "$inputs" >"$output.inputs"
