package controlplane

import (
	"context"
	"log/slog"
	"time"

	"dev.monopod/control-plane/internal/encryption"
)

const etcdEndpoint = "https://127.0.0.1:2379"

func (config Config) encryptionFile() string { return config.pki(encryption.FileName) }

// keepEncrypted waits for the API server and etcd by itself.
func (config Config) keepEncrypted(ctx context.Context) {
	for ctx.Err() == nil {
		err := encryption.Run(ctx, config.encryptionFile(), config.kubeconfig("admin"), etcdEndpoint,
			config.pki("etcd-ca.crt"), config.pki("apiserver-etcd-client"))
		if err != nil {
			slog.Warn("nobody looks after the encryption of Secrets", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}
