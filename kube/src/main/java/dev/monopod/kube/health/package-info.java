/// What the probes of a cluster, or of the supervisor, ask of a process of ours.
@NullMarked
package dev.monopod.kube.health;

import org.jspecify.annotations.NullMarked;
