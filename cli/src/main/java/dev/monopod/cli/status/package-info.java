/// What runs.
@NullMarked
package dev.monopod.cli.status;

import org.jspecify.annotations.NullMarked;
