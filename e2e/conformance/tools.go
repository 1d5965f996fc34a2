//go:build tools

// Package tools pins what is built here: upstream's end-to-end tests, their runner, and the image that most of them run.
package tools

import (
	_ "github.com/onsi/ginkgo/v2/ginkgo"
	_ "k8s.io/kubernetes/test/e2e"
	_ "k8s.io/kubernetes/test/images/agnhost"
)
