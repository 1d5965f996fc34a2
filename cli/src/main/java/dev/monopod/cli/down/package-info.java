/// Removes all that `up` made, and proves it.
@NullMarked
package dev.monopod.cli.down;

import org.jspecify.annotations.NullMarked;
