# Tenant to tenant: mallory, who may `edit` two namespaces, one that no profile selects and one of a profile, and the bank, whose database she wants.
# A topic of ../run.

tenants_scenarios() {
    scenario tenants_profile_of_another "a pod that names the profile of another tenant waits, and its event says why"
    scenario tenants_groups_by_hand "a security group by hand is replaced, and opens no database"
    scenario tenants_size_by_hand "CapacityProvisioned by hand: the size follows the requests"
    scenario tenants_edits_of_a_held_pod "a pod that a gate holds is placed as what it is when it is released"
    scenario tenants_pods_that_no_webhook_saw "pods that no webhook saw are judged, sized and grouped by the scheduler, and the webhooks come back"
    scenario tenants_debuggers_by_node "a debugger is judged by where its pod runs, whatever became of labels and annotations"
    scenario tenants_late_pods "a late pod has the groups of a new one; one that lacks its IAM role waits to be deleted"
    scenario tenants_late_pods_are_not_preempted "no pod of another scheduler preempts a late pod"
    scenario tenants_node_of_another "a pod that names a neighbour's node is rejected, and the neighbour goes on"
    scenario tenants_role_of_a_profile "a pod execution role that does not trust Fargate blocks a profile and its launches in EKS' words, until it is mended"
    scenario tenants_profile_is_not_held "a pod that names a profile does not hold the profile's deletion"
}

as_mallory() { kubectl --as=mallory --as-group=system:authenticated "$@"; }

# by_mallory NAMESPACE NAME METADATA SPEC: creates a pod that sleeps; METADATA and SPEC are JSON without braces, and may be empty.
by_mallory() {
    printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"%s"%s},"spec":{"terminationGracePeriodSeconds":1,
        "containers":[{"name":"main","image":"%s/busybox:1","command":["sleep","100000"]%s}]%s}}' \
        "$2" "$1" "${3:+,$3}" "$registry" "${5:-}" "${4:+,$4}" | as_mallory apply -f -
}

tenants_ours='"schedulerName":"fargate-scheduler"'
tenants_bank='"labels":{"eks.amazonaws.com/fargate-profile":"bank"}'

# The bank: a database that its own application reaches and nobody else does; and mallory's rights.
tenants_prepare() {
    namespace bank
    namespace mallory
    namespace e2e-mallory
    local ns
    for ns in mallory e2e-mallory; do
        kubectl create rolebinding mallory -n $ns --clusterrole=edit --user=mallory --dry-run=client -o yaml | kubectl apply -f -
    done
    kubectl get fargateprofiles.monopod.dev bank >/dev/null 2>&1 || "$monopod" profile create bank --namespace bank
    kubectl apply -f - <<YAML
apiVersion: monopod.dev/v1
kind: SecurityGroup
metadata: {name: bank-app}
spec: {vpc: default, egress: [{protocol: "-1", cidr: 0.0.0.0/0}]}
---
apiVersion: monopod.dev/v1
kind: SecurityGroup
metadata: {name: bank-db}
spec: {vpc: default, ingress: [{protocol: tcp, fromPort: 8080, group: bank-app}], egress: [{protocol: "-1", cidr: 0.0.0.0/0}]}
---
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: db, namespace: bank}
spec: {podSelector: {matchLabels: {app: db}}, securityGroups: {groupIds: [bank-db]}}
---
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: app, namespace: bank}
spec: {podSelector: {matchLabels: {app: app}}, securityGroups: {groupIds: [bank-app]}}
YAML
    local name
    for name in db app; do
        kubectl get pod $name -n bank >/dev/null 2>&1 || kubectl apply -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $name, namespace: bank, labels: {app: $name}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: main, image: "$registry/busybox:1", command: [sh, -c, "mkdir /tmp/w; echo ledger >/tmp/w/index.html; httpd -p 8080 -h /tmp/w; exec sleep 100000"]}
YAML
    done
    for name in db app; do eventually 120 runs $name bank; done
    tenants_bank_goes_on
}

# tenants_reads POD NAMESPACE: what the pod reads of the bank's database.
tenants_reads() { inside "$1" "$2" "timeout 5 wget -qO- http://$(field pod db .status.podIP -n bank):8080/ 2>&1 || true"; }

tenants_bank_goes_on() {
    contains "$(tenants_reads app bank)" ledger
}

# spec_of POD NAMESPACE JSONPATH: of the pod's Machine; empty if there is none.
spec_of() { kubectl get machine "m-$(field pod "$1" .metadata.uid -n "$2")" --ignore-not-found -o "jsonpath={.spec$3}"; }

# why POD NAMESPACE: the messages of its warnings.
why() { kubectl get events -n "$2" --field-selector "involvedObject.name=$1,type=Warning" -o 'jsonpath={range .items[*]}{.message}{"\n"}{end}'; }

says() { [[ $(why "$1" "$2") == *"$3"* ]]; }

# waits POD NAMESPACE TEXT: it stays Pending, without a Machine, and its event has the text.
waits() {
    eventually 60 says "$1" "$2" "$3"
    expect "phase of $1" "$(field pod "$1" .status.phase -n "$2")" Pending
    expect "machine of $1" "$(spec_of "$1" "$2" .host)" ""
}

# denied TEXT COMMAND...: mallory's command fails, and says so.
denied() {
    local answer text=$1
    shift
    answer=$(as_mallory "$@" 2>&1) && fail "it was allowed: $*: $answer"
    contains "$answer" "$text"
}

tenants_profile_of_another() {
    tenants_prepare
    by_mallory mallory thief "$tenants_bank" "$tenants_ours"
    waits thief mallory 'no selector of Fargate profile bank matches'
    by_mallory mallory nobody '' "$tenants_ours"
    waits nobody mallory 'no ACTIVE Fargate profile matches'
    tenants_bank_goes_on
}

tenants_groups_by_hand() {
    tenants_prepare
    contains "$(by_mallory e2e-mallory grouped '"annotations":{"fargate.amazonaws.com/pod-sg":"bank-app"}' '' 2>&1)" "bank-app was replaced by sg-cluster-default"
    eventually 120 runs grouped e2e-mallory
    expect "groups of its machine" "$(spec_of grouped e2e-mallory '.network.securityGroups[*]')" sg-cluster-default
    denied "the system's own" annotate pod grouped -n e2e-mallory --overwrite fargate.amazonaws.com/pod-sg=bank-app
    denied "the system's own" annotate pod grouped -n e2e-mallory fargate.amazonaws.com/pod-sg-
    denied "the system's own" label pod grouped -n e2e-mallory monopod.dev/host-
    [[ $(tenants_reads grouped e2e-mallory) != *ledger* ]] || fail "mallory reads the bank's database"
    denied forbidden create -f - <<'YAML'
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: mine, namespace: e2e-mallory}
spec: {podSelector: {}, securityGroups: {groupIds: [bank-app]}}
YAML
    tenants_bank_goes_on
}

tenants_size_by_hand() {
    tenants_prepare
    contains "$(by_mallory e2e-mallory sized '"annotations":{"CapacityProvisioned":"16vCPU 120GB"}' '' 2>&1)" "16vCPU 120GB was replaced by 0.25vCPU 0.5GB"
    eventually 120 runs sized e2e-mallory
    expect "vCPUs of its machine" "$(spec_of sized e2e-mallory .size.milliCpu)" 250
    denied "the system's own" annotate pod sized -n e2e-mallory --overwrite CapacityProvisioned='16vCPU 120GB'
    # Outside of Fargate it would only mislead.
    contains "$(by_mallory mallory misleading '"annotations":{"CapacityProvisioned":"16vCPU 120GB"}' '' 2>&1 || true)" "the system's own"
    kubectl delete pod sized -n e2e-mallory --wait=false
}

tenants_edits_of_a_held_pod() {
    tenants_prepare
    by_mallory e2e-mallory gated '"labels":{"app":"x"}' '"schedulingGates":[{"name":"example.com/wait"}]'
    denied "the system's own" annotate pod gated -n e2e-mallory --overwrite fargate.amazonaws.com/pod-sg=bank-app
    denied "the system's own" annotate pod gated -n e2e-mallory --overwrite CapacityProvisioned='16vCPU 120GB'
    denied "picks a profile when a pod is created" label pod gated -n e2e-mallory --overwrite eks.amazonaws.com/fargate-profile=bank
    as_mallory label pod gated -n e2e-mallory --overwrite app=y
    as_mallory annotate pod gated -n e2e-mallory note=mine
    expect "machine while it is held" "$(spec_of gated e2e-mallory .host)" ""
    # As one who may write everything: the scheduler believes none of it.
    kubectl annotate pod gated -n e2e-mallory --overwrite fargate.amazonaws.com/pod-sg=bank-app CapacityProvisioned='16vCPU 120GB'
    as_mallory patch pod gated -n e2e-mallory --type json -p '[{"op":"remove","path":"/spec/schedulingGates"}]'
    eventually 120 runs gated e2e-mallory
    expect "groups of its machine" "$(spec_of gated e2e-mallory '.network.securityGroups[*]')" sg-cluster-default
    expect "vCPUs of its machine" "$(spec_of gated e2e-mallory .size.milliCpu)" 250
    expect "what it tells" "$(field pod gated '.metadata.annotations.fargate\.amazonaws\.com/pod-sg' -n e2e-mallory)" sg-cluster-default
    kubectl delete pod gated -n e2e-mallory --wait=false
    tenants_bank_goes_on
}

tenants_webhooks_stand() {
    [[ $(kubectl get mutatingwebhookconfiguration monopod -o 'jsonpath={.webhooks[*].name}') == *pods.mutate* &&
        $(kubectl get validatingwebhookconfiguration monopod -o 'jsonpath={.webhooks[*].name}') == *pods.validate* ]]
}

tenants_pods_that_no_webhook_saw() {
    tenants_prepare
    local controller
    controller=$(process controller)
    # While the controller stands still nobody puts the webhooks back; a few seconds cost it no lead.
    kill -STOP "$controller"
    trap 'kill -CONT '"$controller" EXIT
    kubectl delete mutatingwebhookconfiguration,validatingwebhookconfiguration monopod --wait=false
    by_mallory mallory unseen "$tenants_bank" "$tenants_ours"
    by_mallory e2e-mallory unseen '"annotations":{"fargate.amazonaws.com/pod-sg":"bank-app","CapacityProvisioned":"16vCPU 120GB"}' "$tenants_ours"
    by_mallory e2e-mallory forbidden '' "$tenants_ours" ',"securityContext":{"privileged":true}'
    by_mallory e2e-mallory foreign '' ''
    kill -CONT "$controller"
    trap - EXIT
    eventually 30 tenants_webhooks_stand
    waits unseen mallory 'no selector of Fargate profile bank matches'
    waits forbidden e2e-mallory 'Pod not supported on Fargate: invalid SecurityContext fields: Privileged'
    local name
    for name in unseen foreign; do
        eventually 120 runs $name e2e-mallory
        expect "groups of $name" "$(spec_of $name e2e-mallory '.network.securityGroups[*]')" sg-cluster-default
        expect "vCPUs of $name" "$(spec_of $name e2e-mallory .size.milliCpu)" 250
        expect "what $name tells" "$(field pod $name .metadata.annotations.CapacityProvisioned -n e2e-mallory)" "0.25vCPU 0.5GB"
    done
    kubectl delete validatingadmissionpolicybinding monopod-fargate-pods
    eventually 30 kubectl get validatingadmissionpolicybinding monopod-fargate-pods
    kubectl delete pod unseen forbidden foreign -n e2e-mallory --wait=false
    tenants_bank_goes_on
}

tenants_debuggers_by_node() {
    tenants_prepare
    kubectl create role debugs -n e2e-mallory --verb=get,patch,update --resource=pods/ephemeralcontainers --dry-run=client -o yaml | kubectl apply -f -
    kubectl create rolebinding debugs -n e2e-mallory --role=debugs --user=mallory --dry-run=client -o yaml | kubectl apply -f -
    by_mallory e2e-mallory debugged '"labels":{"app":"x"}' ''
    eventually 120 runs debugged e2e-mallory
    as_mallory annotate pod debugged -n e2e-mallory --overwrite eks.amazonaws.com/compute-type=ec2
    # As one who may write everything: nothing is left that says Fargate but the node.
    kubectl label pod debugged -n e2e-mallory eks.amazonaws.com/fargate-profile- app-
    local patch='{"spec":{"ephemeralContainers":[{"name":"%s","image":"'"$registry"'/busybox:1","command":["sleep","100000"]%s}]}}' answer
    # shellcheck disable=SC2059
    denied 'spec.ephemeralContainers[0].securityContext.privileged' patch pod debugged -n e2e-mallory --subresource=ephemeralcontainers \
        -p "$(printf "$patch" bad ',"securityContext":{"privileged":true}')"
    # shellcheck disable=SC2059
    as_mallory patch pod debugged -n e2e-mallory --subresource=ephemeralcontainers -p "$(printf "$patch" good '')"
    eventually 60 kubectl exec debugged -n e2e-mallory -c good -- true
    answer=$(field pod debugged .status.phase -n e2e-mallory)
    expect "phase" "$answer" Running
    kubectl delete pod debugged -n e2e-mallory --wait=false
}

# The namespace is selected by no profile until its pods are there.
tenants_late() {
    tenants_prepare
    namespace tenants-late
    kubectl apply -f - <<'YAML'
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: late, namespace: tenants-late}
spec: {podSelector: {matchLabels: {app: late}}, securityGroups: {groupIds: [bank-db]}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: tenants-late, annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/reader"}}
YAML
    sed "s|REGISTRY|$registry|g; s|NAME|late|g" "$manifests/sleeper.yaml" | kubectl apply -n tenants-late -f -
    kubectl get fargateprofiles.monopod.dev tenants-late >/dev/null 2>&1 || "$monopod" profile create tenants-late --namespace tenants-late --label app=late
    eventually 120 runs late tenants-late
}

tenants_late_pods() {
    tenants_late
    expect "groups of late" "$(spec_of late tenants-late '.network.securityGroups[*]')" bank-db
    # Its label comes late, and what its service account promises can't be added any more.
    kubectl run roleless -n tenants-late --image="$registry/busybox:1" --overrides='{"spec":{"serviceAccountName":"reader"}}' -- sleep 100000
    kubectl label pod roleless -n tenants-late app=late
    waits roleless tenants-late 'delete it'
    contains "$(why roleless tenants-late)" 'arn:aws:iam::111122223333:role/reader'
    kubectl delete pod roleless -n tenants-late --now
    kubectl run roleless -n tenants-late --image="$registry/busybox:1" --labels=app=late --overrides='{"spec":{"serviceAccountName":"reader","terminationGracePeriodSeconds":1}}' -- sleep 100000
    eventually 120 runs roleless tenants-late
    contains "$(inside roleless tenants-late env)" AWS_ROLE_ARN=arn:aws:iam::111122223333:role/reader
    kubectl delete pod roleless -n tenants-late --wait=false
}

tenants_late_pods_are_not_preempted() {
    tenants_late
    local before
    before=$(identity late tenants-late)
    by_mallory mallory bully '' "\"priorityClassName\":\"system-node-critical\",\"tolerations\":[{\"operator\":\"Exists\"}],
        \"nodeSelector\":{\"monopod.dev/machine\":\"m-$(field pod late .metadata.uid -n tenants-late)\"}"
    sleep 15
    expect "identity of late" "$(identity late tenants-late)" "$before"
    expect "node of bully" "$(field pod bully .spec.nodeName -n mallory)" ""
    kubectl delete pod bully -n mallory --now --wait=false
    "$monopod" profile delete tenants-late
    kubectl delete namespace tenants-late --wait=false
}

tenants_node_of_another() {
    tenants_prepare
    by_mallory mallory lodger '' "\"nodeName\":\"$(field pod db .spec.nodeName -n bank)\""
    eventually 60 is Failed kubectl get pod lodger -n mallory -o 'jsonpath={.status.phase}'
    contains "$(field pod lodger .status.message -n mallory)" 'Pod was rejected'
    expect "machine of lodger" "$(spec_of lodger mallory .host)" ""
    denied forbidden delete machine "m-$(field pod db .metadata.uid -n bank)"
    denied forbidden patch node "$(field pod db .spec.nodeName -n bank)" -p '{"spec":{"unschedulable":true}}'
    denied forbidden delete fargateprofile bank
    tenants_bank_goes_on
}

# tenants_role SERVICE: the role `treasury` trusts that service of AWS, with the condition of EKS' guide.
tenants_role() {
    kubectl create configmap e2e-treasury -n kube-system --dry-run=client -o yaml --from-literal=arn=arn:aws:iam::000000000000:role/treasury \
        --from-literal=trust-policy.json='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "'"$1"'.amazonaws.com"}, "Action": "sts:AssumeRole",
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:eks:*:000000000000:fargateprofile/monopod/*"}}}]}' |
        kubectl label --local -f - -o yaml monopod.dev/iam-role=true | kubectl apply -f -
}

tenants_treasury() {
    kubectl create -f - <<'YAML'
apiVersion: monopod.dev/v1
kind: FargateProfile
metadata: {name: treasury}
spec: {selectors: [{namespace: treasury}], subnets: [private-a], podExecutionRoleArn: "arn:aws:iam::000000000000:role/treasury"}
YAML
}

tenants_role_of_a_profile() {
    local said name
    namespace treasury
    tenants_role ec2
    said=$(tenants_treasury 2>&1) && fail "it was made: $said"
    contains "$said" 'Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal'
    tenants_role eks-fargate-pods
    tenants_treasury
    eventually 30 is ACTIVE kubectl get fargateprofiles.monopod.dev treasury -o 'jsonpath={.status.phase}'
    for name in before after; do
        [[ $name == before ]] || tenants_role ec2
        sed "s|NAME|$name|; s|REGISTRY|$registry|" <<'YAML' | kubectl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: NAME, namespace: treasury}
spec: {terminationGracePeriodSeconds: 1, containers: [{name: main, image: "REGISTRY/busybox:1", command: [sleep, "100000"]}]}
YAML
        [[ $name == after ]] || eventually 120 runs before treasury
    done
    waits after treasury 'Misconfigured Fargate Profile: fargate profile treasury blocked for new launches due to: Failed to assume PodExecutionRole'
    runs before treasury || fail "a pod that ran is gone"
    tenants_role eks-fargate-pods
    eventually 120 runs after treasury
    "$monopod" profile delete treasury
    kubectl delete configmap e2e-treasury -n kube-system
    kubectl delete namespace treasury --wait=false
}

tenants_profile_is_not_held() {
    tenants_prepare
    by_mallory mallory clings "$tenants_bank,\"finalizers\":[\"example.com/stay\"]" "$tenants_ours"
    "$monopod" profile delete bank
    eventually 60 is "" kubectl get fargateprofiles.monopod.dev bank --ignore-not-found -o name
    expect "pods of the bank" "$(kubectl get pods -n bank -o name)" ""
    kubectl patch pod clings -n mallory --type json -p '[{"op":"remove","path":"/metadata/finalizers"}]'
    kubectl delete namespace bank mallory e2e-mallory --wait=false
    kubectl delete sg bank-db bank-app --wait=false
}
