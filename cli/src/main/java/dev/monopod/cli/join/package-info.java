/// Makes this host one of another's cluster.
@NullMarked
package dev.monopod.cli.join;

import org.jspecify.annotations.NullMarked;
