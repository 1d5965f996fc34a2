/// Watches of the API server: what agent and controller need of them alike.
@NullMarked
package dev.monopod.kube.watch;

import org.jspecify.annotations.NullMarked;
