# AWS' own tools, unchanged, against the EKS API: what a user of EKS Fargate types. A topic of ../run.

aws_scenarios() {
    scenario aws_profiles_by_the_command "EKS API: aws makes, waits for, describes, lists, tags and deletes a profile, whose pods run on machines"
    scenario aws_profiles_by_boto3 "EKS API: boto3, with its waiters and pages, sees what kubectl makes, and kubectl what it makes"
    scenario aws_wrong_input "EKS API: wrong input fails with EKS' type and words, and loses nothing"
    scenario aws_strangers_get_nothing "EKS API: a wrong secret, an unknown key, a deleted one and a user without rights get nothing"
    scenario aws_kubectl_signs_in "kubectl signs in by aws eks update-kubeconfig, as whom the access entry says"
    scenario aws_profiles_by_eksctl "eksctl makes, gets and deletes a profile from its configuration file, and its kubeconfig signs in"
    scenario aws_pods_by_association "EKS Pod Identity: pods of an associated service account act as its role, at 169.254.170.23, each for itself alone"
    scenario aws_pods_by_web_identity "IAM roles for service accounts: a pod reaches the cluster's STS by what the webhook gave it"
    scenario aws_sdks_in_pods "AWS' SDKs for Python, Java and Go in pods know by themselves who they are, by IRSA and by EKS Pod Identity"
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

# aws_pod_of PROFILE NAMESPACE: the pod `web` with label tier=front runs there, by that profile.
aws_pod_of() {
    namespace "$2"
    sed "s|REGISTRY|$registry|g" <<'YAML' | kubectl apply -n "$2" -f -
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {tier: front}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: "REGISTRY/busybox:1", command: [sleep, "100000"]}]
YAML
    eventually 120 runs web "$2"
    expect "the profile of the pod" "$(kubectl get pod web -n "$2" -o 'jsonpath={.metadata.labels.eks\.amazonaws\.com/fargate-profile}')" "$1"
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
    aws_pod_of Shop_pypi e2e-aws-pypi
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

# eksctl, whose kubeconfig signs in by the aws of PyPI.
aws_eksctl() { PATH=$tools/bin:$PATH aws_named admin "$dist/eksctl/eksctl" "$@"; }

# Its build is minutes of Go.
aws_profiles_by_eksctl() {
    takes_long aws_profiles_by_eksctl
    "$root/e2e/build-tool" eksctl || fail "eksctl could not be built"
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    local config=$logs/eksctl.yaml kubeconfig=$logs/eksctl.kubeconfig region
    region=$(aws_named admin printenv AWS_REGION)
    contains "$(aws_eksctl get cluster --name monopod -o json)" '"Name": "monopod"' '"Status": "ACTIVE"'
    cat >"$config" <<YAML
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: monopod, region: $region}
fargateProfiles:
  - name: Shop_eksctl
    podExecutionRoleARN: $aws_role
    selectors: [{namespace: e2e-eksctl, labels: {tier: front}}, {namespace: e2e-eksctl-jobs-*}]
    tags: {team: a}
YAML
    contains "$(aws_eksctl create fargateprofile -f "$config" 2>&1)" 'created Fargate profile "Shop_eksctl"'
    # What is there already is no error to it.
    aws_eksctl create fargateprofile -f "$config"
    contains "$(aws_eksctl get fargateprofile --cluster monopod --name Shop_eksctl -o json)" '"name": "Shop_eksctl"' "\"podExecutionRoleARN\": \"$aws_role\"" \
        '"namespace": "e2e-eksctl"' '"tier": "front"' '"team": "a"' '"status": "ACTIVE"'
    contains "$(aws_eksctl get fargateprofile --cluster monopod)" e2e-eksctl-jobs-
    aws_pod_of Shop_eksctl e2e-eksctl
    aws_eksctl utils write-kubeconfig --cluster monopod --kubeconfig "$kubeconfig"
    contains "$(PATH=$tools/bin:$PATH KUBECONFIG=$kubeconfig aws_named admin kubectl get pods -n e2e-eksctl)" web
    # Without a role eksctl has CloudFormation make one, which is not here.
    aws_refused '' '' aws_eksctl create fargateprofile --cluster monopod --name e2e-no-role --namespace e2e-no-role
    aws_eksctl delete fargateprofile --cluster monopod --name Shop_eksctl --wait
    expect "profiles that are left" "$(aws_eksctl get fargateprofile --cluster monopod | grep -cE '^(Shop_eksctl|e2e-no-role|e2e)\s')" 1
    eventually 60 is "" kubectl get pod web -n e2e-eksctl --ignore-not-found -o name
    kubectl delete namespace e2e-eksctl --wait=false
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

# aws_role_of NAME PRINCIPAL ACTIONS: a role of the cluster that trusts the principal (JSON) with the actions (JSON).
aws_role_of() {
    kubectl create configmap "$1" -n kube-system --dry-run=client -o yaml --from-literal=arn="arn:aws:iam::000000000000:role/$1" \
        --from-literal=trust-policy.json='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '"$2"', "Action": '"$3"'}]}' |
        kubectl apply -f -
    kubectl label configmap "$1" -n kube-system --overwrite monopod.dev/iam-role=true
}

# aws_pod NAME NAMESPACE ACCOUNT: a pod of that service account that sleeps.
aws_pod() {
    sed "s|REGISTRY|$registry|g; s|NAME|$1|g; s|ACCOUNT|$3|g" <<'YAML' | kubectl apply -n "$2" -f -
apiVersion: v1
kind: Pod
metadata: {name: NAME}
spec:
  serviceAccountName: ACCOUNT
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: "REGISTRY/busybox:1", command: [sleep, "100000"]}]
YAML
}

# What SDKs do: the token of the file to the address of the variable.
aws_ask='timeout 10 wget -qO- --header "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI'

# aws_refuses STATUS COMMAND: in pod a the command, a wget, is answered with that status.
aws_refuses() {
    local said
    if said=$(inside a e2e-podid "$2" 2>&1); then fail "not refused: $2: $said"; fi
    contains "$said" "HTTP/1.1 $1"
}

aws_pods_by_association() {
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    local id arn=arn:aws:iam::000000000000:role/e2e-podid said token uri=http://169.254.170.23/v1/credentials
    namespace e2e-podid
    kubectl create serviceaccount reader -n e2e-podid >/dev/null 2>&1 || true
    aws_role_of e2e-podid '{"Service": "pods.eks.amazonaws.com"}' '["sts:AssumeRole", "sts:TagSession"]'
    said=$(aws_pypi eks create-pod-identity-association --cluster-name monopod --namespace e2e-podid --service-account reader --role-arn "$arn" --tags team=a)
    contains "$said" '"associationId": "a-' ':podidentityassociation/monopod/a-' '"team": "a"'
    id=$(aws_pypi eks list-pod-identity-associations --cluster-name monopod --namespace e2e-podid --query 'associations[0].associationId' --output text)
    contains "$(aws_pypi eks describe-pod-identity-association --cluster-name monopod --association-id "$id")" "\"roleArn\": \"$arn\""
    aws_refused ResourceInUseException "Association already exists: $id" aws_pypi eks create-pod-identity-association --cluster-name monopod \
        --namespace e2e-podid --service-account reader --role-arn "$arn"
    aws_refused ResourceNotFoundException '' aws_pypi eks describe-pod-identity-association --cluster-name monopod --association-id a-none

    aws_pod a e2e-podid reader
    aws_pod b e2e-podid reader
    aws_pod stranger e2e-podid default
    for pod in a b stranger; do eventually 120 runs "$pod" e2e-podid; done
    contains "$(inside a e2e-podid env)" "AWS_CONTAINER_CREDENTIALS_FULL_URI=$uri" \
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token AWS_REGION= AWS_STS_REGIONAL_ENDPOINTS=regional
    [[ $(inside stranger e2e-podid env) != *AWS_* ]] || fail "a pod without an association has variables of AWS"
    eventually 30 inside a e2e-podid "$aws_ask"
    inside a e2e-podid "$aws_ask" >"$logs/credentials"
    # What boto3 makes of it, from the host: the session is one of the cluster's STS.
    said=$(aws_named admin env -u AWS_PROFILE "$tools/bin/python" - "$logs/credentials" <<'PYTHON'
import boto3, datetime, json, sys
given = json.load(open(sys.argv[1]))
assert set(given) == {"AccessKeyId", "SecretAccessKey", "Token", "AccountId", "Expiration"}, given.keys()
assert datetime.datetime.fromisoformat(given["Expiration"]) > datetime.datetime.now(datetime.timezone.utc)
session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])
print(session.client("sts").get_caller_identity()["Arn"])
PYTHON
    )
    contains "$said" "arn:aws:sts::000000000000:assumed-role/e2e-podid/eks-monopod-a-$(field pod a .metadata.uid -n e2e-podid)"
    rm -f "$logs/credentials"

    # From the attacker's side.
    aws_refuses 400 "timeout 10 wget -qO- $uri"
    aws_refuses 400 "timeout 10 wget -qO- --header 'Authorization: nonsense' $uri"
    token=$(inside b e2e-podid 'cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')
    aws_refuses 403 "timeout 10 wget -qO- --header 'Authorization: $token' $uri"
    # The token of the pod's account is this pod's too, but is for the API server.
    aws_refuses 400 "timeout 10 wget -qO- --header \"Authorization: \$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)\" $uri"
    for path in / /v1 /v1/credentials/ /v1/../v1/credentials //v1/credentials /v1/credentials%2f /latest/meta-data/iam/security-credentials/; do
        aws_refuses 404 "${aws_ask/\$AWS_CONTAINER_CREDENTIALS_FULL_URI/http://169.254.170.23$path}"
    done
    aws_refuses 403 "${aws_ask/ -qO-/ -qO- --header \"Host: 169.254.169.254\"}"
    for nothing in 169.254.169.254/latest/meta-data/ 169.254.170.2/v2/credentials 169.254.170.23:443/ 169.254.170.23:9446/v1/credentials; do
        if inside a e2e-podid "timeout 3 wget -qO- http://$nothing" >"$logs/nothing" 2>&1; then fail "$nothing answers: $(cat "$logs/nothing")"; fi
        [[ $(cat "$logs/nothing") != *HTTP/1.1* ]] || fail "$nothing answers: $(cat "$logs/nothing")"
    done
    # A pod that holds all its connections keeps out nobody else.
    inside b e2e-podid 'for i in $(seq 60); do (sleep 20 | nc 169.254.170.23 80 >/dev/null 2>&1) & done; sleep 2' &
    sleep 2
    inside a e2e-podid "$aws_ask" >/dev/null || fail "a pod is kept out by another's connections"
    eventually 40 inside b e2e-podid "$aws_ask"

    # Whom agents ask answers nobody without a certificate, and no other user of the cluster.
    if curl -sk --max-time 5 https://127.0.0.1:9445/ >"$logs/nothing" 2>&1; then fail "answers without a certificate: $(cat "$logs/nothing")"; fi
    contains "$(curl -s --max-time 5 --cacert "$MONOPOD_DATA/pki/ca.crt" --cert "$MONOPOD_DATA/pki/controller.crt" --key "$MONOPOD_DATA/pki/controller.key" \
        -d "{\"token\": \"$token\"}" https://127.0.0.1:9445/clusters/monopod/assume-role-for-pod-identity)" 'monopod:controller is no agent of a host'

    # The association's end is that of new sessions.
    aws_pypi eks delete-pod-identity-association --cluster-name monopod --association-id "$id" >/dev/null
    aws_refuses 404 "$aws_ask"
    kubectl delete configmap e2e-podid -n kube-system
}

aws_pods_by_web_identity() {
    local arn=arn:aws:iam::000000000000:role/e2e-irsa issuer=oidc-provider/kubernetes.default.svc.cluster.local said
    namespace e2e-irsa
    aws_role_of e2e-irsa "{\"Federated\": \"arn:aws:iam::000000000000:$issuer\"}" '"sts:AssumeRoleWithWebIdentity"'
    kubectl create serviceaccount reader -n e2e-irsa >/dev/null 2>&1 || true
    kubectl annotate serviceaccount reader -n e2e-irsa --overwrite eks.amazonaws.com/role-arn="$arn"
    aws_pod irsa e2e-irsa reader
    eventually 120 runs irsa e2e-irsa
    contains "$(inside irsa e2e-irsa env)" "AWS_ROLE_ARN=$arn" AWS_ENDPOINT_URL_STS=http://169.254.170.23
    local form='Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=e2e&RoleArn='$arn
    said=$(inside irsa e2e-irsa "timeout 10 wget -qO- --post-data \"$form&WebIdentityToken=\$(cat \$AWS_WEB_IDENTITY_TOKEN_FILE)\" \$AWS_ENDPOINT_URL_STS/")
    contains "$said" '<AssumeRoleWithWebIdentityResult>' "<Arn>arn:aws:sts::000000000000:assumed-role/e2e-irsa/e2e</Arn>" '<SessionToken>'
    # Unsigned, nothing else is answered.
    if said=$(inside irsa e2e-irsa "timeout 10 wget -qO- --post-data 'Action=GetCallerIdentity&Version=2011-06-15' http://169.254.170.23/" 2>&1); then fail "answered: $said"; fi
    contains "$said" 'HTTP/1.1 403'
    kubectl delete configmap e2e-irsa -n kube-system
}

# aws_sdk_says POD PROVIDER ARN COMMAND: the SDK took credentials from a provider of that name, and STS knows them as the role's.
aws_sdk_says() {
    local said
    said=$(inside "$1" e2e-sdks "$4" 2>&1) || fail "$4 in pod $1: $said"
    [[ $said =~ $2 ]] || fail "$4 in pod $1 took its credentials elsewhere: $said"
    contains "$said" "$3"
}

aws_sdks_in_pods() {
    aws_python_tools || fail "aws and boto3 could not be installed from PyPI"
    "$root/e2e/aws-sdks/image" "$dist/images/aws-sdks.tar" "$tools" >"$logs/aws-sdks" 2>&1 || fail "the image of the SDKs could not be made: $(tail -n 3 "$logs/aws-sdks")"
    skopeo copy --quiet --dest-tls-verify=false "docker-archive:$dist/images/aws-sdks.tar" "docker://$registry/aws-sdks:1"
    local issuer=oidc-provider/kubernetes.default.svc.cluster.local arn=arn:aws:iam::000000000000:role/e2e-sdks- pod assumed
    namespace e2e-sdks
    aws_role_of e2e-sdks-web "{\"Federated\": \"arn:aws:iam::000000000000:$issuer\"}" '"sts:AssumeRoleWithWebIdentity"'
    aws_role_of e2e-sdks-pod '{"Service": "pods.eks.amazonaws.com"}' '["sts:AssumeRole", "sts:TagSession"]'
    kubectl create serviceaccount web -n e2e-sdks >/dev/null 2>&1 || true
    kubectl create serviceaccount pod -n e2e-sdks >/dev/null 2>&1 || true
    kubectl annotate serviceaccount web -n e2e-sdks --overwrite eks.amazonaws.com/role-arn="${arn}web"
    aws_pypi eks create-pod-identity-association --cluster-name monopod --namespace e2e-sdks --service-account pod --role-arn "${arn}pod" >/dev/null
    for pod in web pod; do
        sed "s|REGISTRY|$registry|g; s|NAME|$pod|g" <<'YAML' | kubectl apply -n e2e-sdks -f -
apiVersion: v1
kind: Pod
metadata: {name: NAME}
spec:
  serviceAccountName: NAME
  terminationGracePeriodSeconds: 1
  # What asks STS for itself asks this cluster's.
  containers: [{name: main, image: "REGISTRY/aws-sdks:1", env: [{name: AWS_ENDPOINT_URL_STS, value: "http://169.254.170.23"}]}]
YAML
    done
    for pod in web pod; do
        eventually 240 runs "$pod" e2e-sdks
        assumed=arn:aws:sts::000000000000:assumed-role/e2e-sdks-$pod/
        aws_sdk_says "$pod" "$([[ $pod == web ]] && echo assume-role-with-web-identity || echo container-role)" "$assumed" 'python3 /app/ask.py'
        aws_sdk_says "$pod" . "$assumed" 'java -cp "/app:/app/jars/*" Ask'
        aws_sdk_says "$pod" "$([[ $pod == web ]] && echo WebIdentityCredentials || echo CredentialsEndpointProvider)" "$assumed" ask-go
    done
    kubectl delete configmap e2e-sdks-web e2e-sdks-pod -n kube-system
}
