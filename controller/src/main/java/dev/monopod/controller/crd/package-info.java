/// The custom resource definitions of `monopod.dev/v1`, generated from the API's records, and their
/// installation. Depends on `kube` only.
@NullMarked
package dev.monopod.controller.crd;

import org.jspecify.annotations.NullMarked;
