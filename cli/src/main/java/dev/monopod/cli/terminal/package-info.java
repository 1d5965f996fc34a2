/// What the commands say, and how: steps, tables, JSON, and failures that a user can act on.
@NullMarked
package dev.monopod.cli.terminal;

import org.jspecify.annotations.NullMarked;
