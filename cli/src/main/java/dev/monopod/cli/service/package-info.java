/// Ends the processes of this host, and starts them again, without a pod noticing.
@NullMarked
package dev.monopod.cli.service;

import org.jspecify.annotations.NullMarked;
