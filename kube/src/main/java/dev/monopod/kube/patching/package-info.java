/// Patching, as controller and command both see it: which pods, and when. Pure.
@NullMarked
package dev.monopod.kube.patching;

import org.jspecify.annotations.NullMarked;
