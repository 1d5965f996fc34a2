/// Hosts of the cluster, from the outside: which there are, whether they take machines, moving pods
/// off them, taking their rights.
@NullMarked
package dev.monopod.cli.host;

import org.jspecify.annotations.NullMarked;
