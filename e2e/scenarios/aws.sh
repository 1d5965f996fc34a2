# AWS' own tools, unchanged, against the EKS API: what a user of EKS Fargate types. A topic of ../run.

aws_scenarios() {
    scenario aws_profiles_by_the_command "EKS API: aws makes, waits for, describes, lists, tags and deletes a profile, whose pods run on machines"
    scenario aws_profiles_by_boto3 "EKS API: boto3, with its waiters and pages, sees what kubectl makes, and kubectl what it makes"
    scenario aws_wrong_input "EKS API: wrong input fails with EKS' type and words, and loses nothing"
    scenario aws_strangers_get_nothing "EKS API: a wrong secret, an unknown key, a deleted one and a user without rights get nothing"
    scenario aws_kubectl_signs_in "kubectl signs in by aws eks update-kubeconfig, as whom the access entry says"
}

aws_role=arn:aws:iam::000000000000:role/pods

# aws_named KEY COMMAND...: runs it with the variables of that user's key, and nothing of the caller's own.
aws_named() {
    local user=$1 variables
    shift
    # Asked once a scenario: it is a JVM.
    [[ -s $logs/aws-env-$user ]] || "$root/monopod" aws env --user "$user" >"$logs/aws-env-$user" || return 1
    variables=$(<"$logs/aws-env-$user")
    (
        eval "$variables"
        export AWS_CONFIG_FILE=$logs/none AWS_SHARED_CREDENTIALS_FILE=$logs/none AWS_PAGER='' AWS_MAX_ATTEMPTS=1
        "$@"
    )
}

# debian ARGUMENT...: Debian's aws, which knows the endpoint by its option alone.
aws_debian() { aws_named admin aws_of_debian "$@"; }
aws_of_debian() { /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" --output json "$@"; }

# aws_python_tools: aws and boto3 of PyPI, which read all from the environment.
aws_python_tools() {
    tools=$dist/aws-tools
    rm -f "$logs"/aws-env-*
    cmp -s "$root/e2e/aws-tools.txt" "$tools/made-of" && return 0
    rm -rf "$tools"
    python3 -m venv "$tools" && "$tools/bin/pip" install -q --disable-pip-version-check -r "$root/e2e/aws-tools.txt" && cp "$root/e2e/aws-tools.txt" "$tools/made-of"
}
aws_pypi() { aws_named admin "$tools/bin/aws" --output json "$@"; }

# aws_refused TYPE WORDS COMMAND...: the command fails with that error and these words.
aws_refused() {
    local type=$1 words=$2 said
    shift 2
    if said=$("$@" 2>&1); then fail "not refused: $*: $said"; fi
    contains "$said" "$type" "$words"
}

aws_profiles_by_the_command() {
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    expect "the clusters" "$(aws_pypi eks list-clusters --query 'clusters' --output text)" monopod
    contains "$(aws_pypi eks describe-cluster --name monopod)" '"status": "ACTIVE"' '"version": "1.' '"data": "LS0tLS1CRUdJTiBDRVJU'
    local tool
    for tool in pypi debian; do
        contains "$(aws_$tool eks create-fargate-profile --cluster-name monopod --fargate-profile-name "Shop_$tool" \
            --pod-execution-role-arn "$aws_role" --selectors namespace=e2e-aws-$tool,labels={tier=front} --tags team=a)" \
            "\"fargateProfileName\": \"Shop_$tool\"" "fargateprofile/monopod/Shop_$tool/" '"team": "a"'
        aws_$tool eks wait fargate-profile-active --cluster-name monopod --fargate-profile-name "Shop_$tool"
        contains "$(aws_$tool eks describe-fargate-profile --cluster-name monopod --fargate-profile-name "Shop_$tool")" '"status": "ACTIVE"' "\"namespace\": \"e2e-aws-$tool\""
    done
    expect "the profiles" "$(aws_pypi eks list-fargate-profiles --cluster-name monopod --query 'length(fargateProfileNames)')" \
        "$(kubectl get fargateprofiles.monopod.dev -o name | wc -l)"
    namespace e2e-aws-pypi
    sed "s|REGISTRY|$registry|g" <<'YAML' | kubectl apply -n e2e-aws-pypi -f -
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {tier: front}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: "REGISTRY/busybox:1", command: [sleep, "100000"]}]
YAML
    eventually 120 runs web e2e-aws-pypi
    expect "the profile of the pod" "$(kubectl get pod web -n e2e-aws-pypi -o 'jsonpath={.metadata.labels.eks\.amazonaws\.com/fargate-profile}')" Shop_pypi
    local arn
    arn=$(aws_pypi eks describe-fargate-profile --cluster-name monopod --fargate-profile-name Shop_pypi --query fargateProfile.fargateProfileArn --output text)
    aws_pypi eks tag-resource --resource-arn "$arn" --tags stage=test,owner=me
    aws_debian eks untag-resource --resource-arn "$arn" --tag-keys owner
    expect "the tags" "$(aws_debian eks list-tags-for-resource --resource-arn "$arn" --query tags | tr -d ' \n')" '{"stage":"test","team":"a"}'
    for tool in pypi debian; do
        contains "$(aws_$tool eks delete-fargate-profile --cluster-name monopod --fargate-profile-name "Shop_$tool")" '"status": "DELETING"'
        aws_$tool eks wait fargate-profile-deleted --cluster-name monopod --fargate-profile-name "Shop_$tool"
    done
    # As on EKS, the pods of a profile go with it.
    eventually 60 is "" kubectl get pod web -n e2e-aws-pypi --ignore-not-found -o name
}

aws_profiles_by_boto3() {
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    kubectl apply -f - <<'YAML'
apiVersion: monopod.dev/v1
kind: FargateProfile
metadata: {name: e2e-boto-kubectl}
spec: {selectors: [{namespace: e2e-boto-kubectl}], subnets: [private-a]}
YAML
    aws_named admin "$tools/bin/python" - <<'PYTHON'
import boto3
eks = boto3.client("eks")
wait = {"Delay": 1, "MaxAttempts": 60}
eks.get_waiter("fargate_profile_active").wait(clusterName="monopod", fargateProfileName="e2e-boto-kubectl", WaiterConfig=wait)
made = eks.create_fargate_profile(clusterName="monopod", fargateProfileName="e2e-boto", podExecutionRoleArn="arn:aws:iam::000000000000:role/pods",
                                  subnets=["private-b"], selectors=[{"namespace": "e2e-boto"}], clientRequestToken="once")["fargateProfile"]
again = eks.create_fargate_profile(clusterName="monopod", fargateProfileName="e2e-boto", podExecutionRoleArn="arn:aws:iam::000000000000:role/pods",
                                   subnets=["private-b"], selectors=[{"namespace": "e2e-boto"}], clientRequestToken="once")["fargateProfile"]
assert made["fargateProfileArn"] == again["fargateProfileArn"], (made, again)
eks.get_waiter("fargate_profile_active").wait(clusterName="monopod", fargateProfileName="e2e-boto", WaiterConfig=wait)
described = eks.describe_fargate_profile(clusterName="monopod", fargateProfileName="e2e-boto")["fargateProfile"]
assert described["subnets"] == ["private-b"] and described["createdAt"].year >= 2026, described
names = [name for page in eks.get_paginator("list_fargate_profiles").paginate(clusterName="monopod", PaginationConfig={"PageSize": 1})
         for name in page["fargateProfileNames"]]
assert {"e2e-boto", "e2e-boto-kubectl"} <= set(names) and len(names) == len(set(names)), names
assert boto3.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:user/admin"
for name in ("e2e-boto", "e2e-boto-kubectl"):
    eks.delete_fargate_profile(clusterName="monopod", fargateProfileName=name)
    eks.get_waiter("fargate_profile_deleted").wait(clusterName="monopod", fargateProfileName=name, WaiterConfig=wait)
PYTHON
    expect "profiles that are left" "$(kubectl get fargateprofiles.monopod.dev -o name | grep -c e2e-boto)" 0
}

aws_wrong_input() {
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    local before profile=(--pod-execution-role-arn "$aws_role" --selectors namespace=e2e-wrong)
    before=$(kubectl get fargateprofiles.monopod.dev -o name)
    aws_refused ResourceNotFoundException 'No cluster found for name: other.' aws_pypi eks describe-cluster --name other
    aws_refused ResourceNotFoundException 'No cluster found for name: other.' aws_pypi eks list-fargate-profiles --cluster-name other
    aws_refused ResourceNotFoundException 'No Fargate Profile found with name: none.' aws_pypi eks describe-fargate-profile --cluster-name monopod --fargate-profile-name none
    aws_refused ResourceNotFoundException 'No Fargate Profile found with name: none.' aws_debian eks delete-fargate-profile --cluster-name monopod --fargate-profile-name none
    aws_refused ResourceInUseException 'A Fargate Profile already exists with this name in this cluster.' \
        aws_pypi eks create-fargate-profile --cluster-name monopod --fargate-profile-name e2e "${profile[@]}"
    aws_refused InvalidParameterException 'Fargate Profile requires at least one selector.' \
        aws_pypi eks create-fargate-profile --cluster-name monopod --fargate-profile-name wrong --pod-execution-role-arn "$aws_role"
    aws_refused InvalidParameterException 'at least one selector with at least one namespace value' \
        aws_pypi eks create-fargate-profile --cluster-name monopod --fargate-profile-name wrong --pod-execution-role-arn "$aws_role" --selectors 'labels={a=b}'
    aws_refused InvalidParameterException 'Request contains Selector with more than 5 Label pairs' \
        aws_pypi eks create-fargate-profile --cluster-name monopod --fargate-profile-name wrong --pod-execution-role-arn "$aws_role" \
        --selectors 'namespace=e2e-wrong,labels={a=1,b=2,c=3,d=4,e=5,f=6}'
    aws_refused InvalidParameterException 'public-a' \
        aws_pypi eks create-fargate-profile --cluster-name monopod --fargate-profile-name wrong "${profile[@]}" --subnets public-a
    aws_refused InvalidParameterException '' \
        aws_pypi eks create-fargate-profile --cluster-name monopod --fargate-profile-name 'wrong name' "${profile[@]}"
    aws_refused InvalidParameterException 'nextToken' aws_pypi eks list-fargate-profiles --cluster-name monopod --next-token nonsense --no-paginate
    aws_refused NotFoundException '' aws_pypi eks list-tags-for-resource --resource-arn arn:aws:eks:us-west-2:000000000000:fargateprofile/monopod/none/0
    aws_refused UnknownOperation '' aws_pypi eks list-nodegroups --cluster-name monopod
    expect "profiles" "$(kubectl get fargateprofiles.monopod.dev -o name)" "$before"
}

aws_strangers_get_nothing() {
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    local key
    aws_named admin env AWS_SECRET_ACCESS_KEY=wrong "$tools/bin/aws" eks list-clusters >"$logs/aws" 2>&1 && fail "a wrong secret lists clusters"
    contains "$(cat "$logs/aws")" InvalidSignatureException
    aws_named admin env AWS_ACCESS_KEY_ID=AKIAAAAAAAAAAAAAAAAA "$tools/bin/aws" eks list-clusters >"$logs/aws" 2>&1 && fail "an unknown key lists clusters"
    contains "$(cat "$logs/aws")" UnrecognizedClientException
    # A user whom no access entry knows sees the cluster, as for update-kubeconfig, and no more.
    "$monopod" aws key create e2e-guest >"$logs/aws"
    key=$(grep -o 'AKIA[A-Z2-7]*' "$logs/aws" | head -n 1)
    expect "the clusters of a guest" "$(aws_named e2e-guest "$tools/bin/aws" eks list-clusters --query 'clusters' --output text)" monopod
    aws_refused AccessDeniedException 'eks:ListFargateProfiles' aws_named e2e-guest "$tools/bin/aws" eks list-fargate-profiles --cluster-name monopod
    aws_refused AccessDeniedException 'eks:CreateAccessEntry' aws_named e2e-guest "$tools/bin/aws" eks create-access-entry --cluster-name monopod \
        --principal-arn arn:aws:iam::000000000000:user/e2e-guest
    local variables
    variables=$("$monopod" aws env --user e2e-guest)
    "$monopod" aws key delete "$key"
    aws_refused UnrecognizedClientException '' bash -c "$variables; AWS_MAX_ATTEMPTS=1 '$tools/bin/aws' eks list-clusters"
}

aws_kubectl_signs_in() {
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    local kubeconfig=$logs/aws.kubeconfig tool
    namespace e2e-aws-view
    kubectl create configmap words -n e2e-aws-view --from-literal=a=b >/dev/null 2>&1
    for tool in "$tools/bin/aws" "/usr/bin/aws --endpoint-url https://127.0.0.1:9444"; do
        rm -f "$kubeconfig"
        # shellcheck disable=SC2086
        PATH=$tools/bin:$PATH aws_named admin $tool eks update-kubeconfig --name monopod --kubeconfig "$kubeconfig"
        contains "$(PATH=$(dirname "${tool%% *}"):$PATH KUBECONFIG=$kubeconfig aws_named admin kubectl auth whoami)" 'arn:aws:iam::000000000000:user/admin'
        contains "$(PATH=$(dirname "${tool%% *}"):$PATH KUBECONFIG=$kubeconfig aws_named admin kubectl get pods -n default)" hello
    done
    # A user with a view of one namespace has just that.
    "$monopod" aws key create e2e-viewer >/dev/null
    local viewer=arn:aws:iam::000000000000:user/e2e-viewer
    export PATH=$tools/bin:$PATH
    aws_refused 'Unauthorized' '' env KUBECONFIG="$kubeconfig" bash -c "$("$monopod" aws env --user e2e-viewer); kubectl get pods -n e2e-aws-view"
    aws_pypi eks create-access-entry --cluster-name monopod --principal-arn "$viewer" >/dev/null
    aws_pypi eks associate-access-policy --cluster-name monopod --principal-arn "$viewer" \
        --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy --access-scope type=namespace,namespaces=e2e-aws-view >/dev/null
    viewer_kubectl() { KUBECONFIG=$kubeconfig aws_named e2e-viewer kubectl "$@"; }
    eventually 30 viewer_kubectl get configmap words -n e2e-aws-view
    aws_refused Forbidden '' viewer_kubectl get configmap words -n default
    aws_refused Forbidden '' viewer_kubectl delete configmap words -n e2e-aws-view
    aws_pypi eks delete-access-entry --cluster-name monopod --principal-arn "$viewer"
    # The API server remembers a token for two minutes; what the entry gave is gone at once.
    without_rights() { ! viewer_kubectl get configmap words -n e2e-aws-view; }
    eventually 30 without_rights
    # A token for another cluster is none for this one.
    local token
    token=$(aws_named admin "$tools/bin/aws" eks get-token --cluster-name other --query status.token --output text)
    aws_refused Unauthorized '' env KUBECONFIG="$logs/none" kubectl --server https://127.0.0.1:6443 --certificate-authority "$MONOPOD_DATA/pki/ca.crt" --token "$token" get pods
    for key in $("$monopod" aws key list | awk '/e2e-viewer/ {print $1}'); do "$monopod" aws key delete "$key"; done
}
