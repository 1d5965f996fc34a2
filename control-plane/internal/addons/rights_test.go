package addons

import (
	"os"
	"strings"
	"testing"

	rbac "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

// Each resource of a role stands in the document, and nothing is named there that no role has.
func TestRightsAreListedWithTheirReasons(t *testing.T) {
	document, err := os.ReadFile("../../../docs/rights.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, least := range map[string]int{"monopod:agent": 10, "monopod:controller": 10, "monopod:controller-aws": 3} {
		_, section, found := strings.Cut(string(document), "## "+name+"\n")
		if !found {
			t.Fatalf("docs/rights.md has no section %s", name)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		held := resourcesOf(t, name)
		if len(held) < least {
			t.Fatalf("%s has only the resources %v: they were not read", name, held)
		}
		for resource := range held {
			if !strings.Contains(section, "`"+resource+"`") {
				t.Errorf("docs/rights.md does not say why %s may use %s", name, resource)
			}
		}
		for _, row := range strings.Split(section, "\n") {
			cells := strings.Split(row, "|")
			if len(cells) < 4 || !strings.Contains(cells[1], "`") {
				continue
			}
			for index, part := range strings.Split(cells[1], "`") {
				if index%2 == 1 && !held[part] {
					t.Errorf("docs/rights.md gives %s a right to %s, which it does not have", name, part)
				}
			}
		}
	}
}

// resourcesOf a ClusterRole; all of a group count as GROUP/*.
func resourcesOf(t *testing.T, name string) map[string]bool {
	held := map[string]bool{}
	for _, text := range strings.Split(rights+"\n---\n"+addons, "\n---\n") {
		var role rbac.ClusterRole
		if err := yaml.Unmarshal([]byte(text), &role); err != nil {
			t.Fatal(err)
		}
		if role.Kind != "ClusterRole" || role.Name != name {
			continue
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				if resource != "*" {
					held[resource] = true
					continue
				}
				for _, group := range rule.APIGroups {
					held[group+"/*"] = true
				}
			}
		}
	}
	return held
}
