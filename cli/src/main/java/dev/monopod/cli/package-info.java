/// The command monopod.
@NullMarked
package dev.monopod.cli;

import org.jspecify.annotations.NullMarked;
