package controlplane

import (
	_ "embed"
	"path/filepath"
)

//go:embed audit.yaml
var auditPolicy string

func (config Config) auditPolicyFile() string {
	return filepath.Join(config.DataDir, "config", "audit.yaml")
}

// auditLog stands in a folder of its own: the API server rotates it, and the supervisor rotates what is in the one above.
func (config Config) auditLog() string {
	return filepath.Join(config.DataDir, "logs", "audit", "audit.log")
}
