/// Listeners that strangers reach: who is let in, and how many of one address.
@NullMarked
package dev.monopod.kube.serving;

import org.jspecify.annotations.NullMarked;
