/// Whether this host can run Monopod.
@NullMarked
package dev.monopod.cli.doctor;

import org.jspecify.annotations.NullMarked;
