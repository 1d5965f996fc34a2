/// How pods are moved off a machine by the Eviction API, whoever does it: patching, or a drain.
@NullMarked
package dev.monopod.kube.eviction;

import org.jspecify.annotations.NullMarked;
