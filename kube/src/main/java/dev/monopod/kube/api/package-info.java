/// Monopod's API objects, `monopod.dev/v1`. The CRDs are generated from these records: a
/// component's name is its JSON name, its annotations are its schema. Depends on fabric8's model
/// only.
@NullMarked
package dev.monopod.kube.api;

import org.jspecify.annotations.NullMarked;
