/// Pure rules and states: profiles, sizes, refusals. No I/O. Depends on Kubernetes' data classes
/// only.
@NullMarked
package dev.monopod.model;

import org.jspecify.annotations.NullMarked;
