package controlplane

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestAPIServerEncryptsAndAuditsByDefault(t *testing.T) {
	config := Config{DataDir: "/data"}

	flags := config.apiServer()

	for _, want := range []string{
		"--encryption-provider-config=/data/pki/encryption.yaml", "--encryption-provider-config-automatic-reload=true",
		"--audit-policy-file=/data/config/audit.yaml", "--audit-log-path=/data/logs/audit/audit.log",
		"--audit-log-maxsize=100", "--audit-log-maxbackup=5", "--audit-log-maxage=30",
	} {
		if !slices.Contains(flags, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestAPIServerAsksTheWebhookAboutTokensWhereThereIsOne(t *testing.T) {
	config := Config{DataDir: t.TempDir(), TokenWebhook: "https://127.0.0.1:9443/authenticate"}
	if err := config.writeFiles(); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(config.apiServer(), "--authentication-token-webhook-config-file="+config.tokenWebhookFile()) {
		t.Error("the API server is not told of it")
	}
	text, err := os.ReadFile(config.tokenWebhookFile())
	if err != nil {
		t.Fatal(err)
	}
	var kubeconfig struct {
		Clusters []struct {
			Cluster struct {
				Server    string `json:"server"`
				Authority string `json:"certificate-authority"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &kubeconfig); err != nil {
		t.Fatal(err)
	}
	if cluster := kubeconfig.Clusters[0].Cluster; cluster.Server != config.TokenWebhook || cluster.Authority != config.pki("webhook-ca.crt") {
		t.Errorf("it asks %+v", cluster)
	}
	if slices.ContainsFunc(Config{}.apiServer(), func(flag string) bool { return strings.Contains(flag, "token-webhook") }) {
		t.Error("without one, it is told of one")
	}
}

type rule struct {
	Level      string
	Users      []string
	UserGroups []string
	Verbs      []string
	Resources  []struct {
		Group     string
		Resources []string
	}
	NonResourceURLs []string
}

func TestAuditPolicyKeepsNoBodiesAndSeesEverySecret(t *testing.T) {
	config := Config{DataDir: t.TempDir()}
	if err := config.writeFiles(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(config.auditPolicyFile())
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		APIVersion, Kind string
		OmitStages       []string
		Rules            []rule
	}
	if err := yaml.UnmarshalStrict(content, &policy); err != nil {
		t.Fatal(err)
	}
	for i, rule := range policy.Rules {
		if rule.Level != "None" && rule.Level != "Metadata" {
			t.Errorf("rule %d has bodies: level %s", i, rule.Level)
		}
	}
	first, last := policy.Rules[0], policy.Rules[len(policy.Rules)-1]
	if first.Level != "Metadata" || len(first.Users)+len(first.UserGroups)+len(first.Verbs) > 0 ||
		!slices.Contains(first.Resources[0].Resources, "secrets") {
		t.Errorf("a rule comes before that of Secrets, or it leaves somebody out: %+v", first)
	}
	if last.Level != "Metadata" || len(last.Users)+len(last.UserGroups)+len(last.Verbs)+len(last.Resources)+len(last.NonResourceURLs) > 0 {
		t.Errorf("what no rule names is left out: %+v", last)
	}
	if folder, err := os.Stat(config.DataDir + "/logs/audit"); err != nil || folder.Mode().Perm() != 0o700 {
		t.Errorf("the log's folder: %v, %v", folder, err)
	}
}

func TestDNSAnswersForPodsThatExistOnly(t *testing.T) {
	config := Config{DataDir: t.TempDir()}
	if err := config.writeFiles(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(config.corefile())
	if err != nil || !strings.Contains(string(content), "pods verified") {
		t.Errorf("%v in\n%s", err, content)
	}
}
