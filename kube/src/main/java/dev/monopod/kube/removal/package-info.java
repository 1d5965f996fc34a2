/// How Monopod leaves a cluster that was there before it.
@NullMarked
package dev.monopod.kube.removal;

import org.jspecify.annotations.NullMarked;
