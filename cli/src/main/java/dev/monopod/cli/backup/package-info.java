/// The state of a cluster, in one file and back.
@NullMarked
package dev.monopod.cli.backup;

import org.jspecify.annotations.NullMarked;
