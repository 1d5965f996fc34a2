/// The cluster that a command speaks to, and what this host is in it.
@NullMarked
package dev.monopod.cli.cluster;

import org.jspecify.annotations.NullMarked;
