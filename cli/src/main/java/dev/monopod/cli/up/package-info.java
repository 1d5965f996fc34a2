/// Brings this host to: control plane, controller and agent run, and a first pod.
@NullMarked
package dev.monopod.cli.up;

import org.jspecify.annotations.NullMarked;
