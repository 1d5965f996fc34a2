/// The EKS API, version 2017-11-01: Fargate profiles, their tags, and the cluster as its tools ask
/// for it. Depends on `wire`, `identity` and the `kube` module; knows no listener.
@NullMarked
package dev.monopod.eks.operations;

import org.jspecify.annotations.NullMarked;
