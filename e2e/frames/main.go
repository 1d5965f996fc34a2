// Frames sends from a pod what no pod may send, and tells in another what has arrived. A raw socket is a right of containers, so this
// needs no escape; root in the guest could send nothing else.
//
//	frames send VICTIM OTHER    from eth0, in the name of OTHER or of nobody; one frame, "honest", is as it should be
//	frames watch SECONDS        prints the name of each frame that arrives, once
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	link   = "eth0"
	marker = "monopod-frame:"

	typeIPv4 = 0x0800
	typeARP  = 0x0806
	typeVLAN = 0x8100
	typeIPv6 = 0x86dd
	typeAll  = 0x0003
)

var (
	broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	foreign   = net.HardwareAddr{0x02, 0x66, 0x66, 0x66, 0x66, 0x66}
)

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "send":
		err = send(net.ParseIP(os.Args[2]).To4(), net.ParseIP(os.Args[3]).To4())
	case len(os.Args) == 3 && os.Args[1] == "watch":
		var seconds int
		if seconds, err = strconv.Atoi(os.Args[2]); err == nil {
			err = watch(time.Duration(seconds) * time.Second)
		}
	default:
		err = fmt.Errorf("usage: frames send VICTIM OTHER | frames watch SECONDS")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "frames:", err)
		os.Exit(1)
	}
}

// place is what an honest sender would write.
type place struct {
	index       int
	mac, router net.HardwareAddr
	address     net.IP
}

func here() (place, error) {
	device, err := net.InterfaceByName(link)
	if err != nil {
		return place{}, err
	}
	addresses, err := device.Addrs()
	if err != nil {
		return place{}, err
	}
	found := place{index: device.Index, mac: device.HardwareAddr}
	for _, each := range addresses {
		if network, ok := each.(*net.IPNet); ok && network.IP.To4() != nil {
			found.address = network.IP.To4()
		}
	}
	if found.address == nil {
		return place{}, fmt.Errorf("%s has no IPv4 address", link)
	}
	found.router, err = router()
	return found, err
}

// router is the hardware address that the kernel knows for the default route; something has been sent before, such as a DNS query.
func router() (net.HardwareAddr, error) {
	connection, err := net.Dial("udp4", "192.0.2.1:9")
	if err == nil {
		_, _ = connection.Write([]byte("wake up"))
		_ = connection.Close()
	}
	time.Sleep(300 * time.Millisecond)
	table, err := os.ReadFile("/proc/net/arp")
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(string(table), "\n") {
		if words := strings.Fields(line); len(words) > 5 && words[5] == link && words[2] != "0x0" {
			return net.ParseMAC(words[3])
		}
	}
	return nil, fmt.Errorf("no router is known; /proc/net/arp:\n%s", table)
}

func send(victim, other net.IP) error {
	if victim == nil || other == nil {
		return fmt.Errorf("VICTIM and OTHER are IPv4 addresses")
	}
	at, err := here()
	if err != nil {
		return err
	}
	socket, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, int(swap(typeAll)))
	if err != nil {
		return fmt.Errorf("raw socket: %w", err)
	}
	nobody := net.IPv4zero.To4()
	everybody := net.IPv4bcast.To4()
	frames := map[string][]byte{
		"honest":             ether(at.router, at.mac, typeIPv4, udp(at.address, victim, 9, "honest")),
		"foreign-address":    ether(at.router, at.mac, typeIPv4, udp(other, victim, 9, "foreign-address")),
		"foreign-mac":        ether(at.router, foreign, typeIPv4, udp(at.address, victim, 9, "foreign-mac")),
		"foreign-both":       ether(at.router, foreign, typeIPv4, udp(other, victim, 9, "foreign-both")),
		"loopback-address":   ether(at.router, at.mac, typeIPv4, udp(net.IPv4(127, 0, 0, 1).To4(), victim, 9, "loopback-address")),
		"ethernet-broadcast": ether(broadcast, at.mac, typeIPv4, udp(at.address, victim, 9, "ethernet-broadcast")),
		"ip-broadcast":       ether(broadcast, at.mac, typeIPv4, udp(at.address, everybody, 9, "ip-broadcast")),
		"multicast":          ether(net.HardwareAddr{1, 0, 0x5e, 0, 0, 1}, at.mac, typeIPv4, udp(at.address, net.IPv4(224, 0, 0, 1).To4(), 9, "multicast")),
		"dhcp-discover":      ether(broadcast, at.mac, typeIPv4, udp(nobody, everybody, 67, "dhcp-discover")),
		"dhcp-offer":         ether(at.router, at.mac, typeIPv4, udp(other, victim, 68, "dhcp-offer")),
		"dhcp-offer-to-all":  ether(broadcast, at.mac, typeIPv4, udp(at.address, everybody, 68, "dhcp-offer-to-all")),
		"source-route":       ether(at.router, at.mac, typeIPv4, sourceRouted(at.address, victim, other, "source-route")),
		"vlan":               ether(at.router, at.mac, typeVLAN, append([]byte{0, 7, 8, 0}, udp(at.address, victim, 9, "vlan")...)),
		"arp-claims-other":   ether(broadcast, at.mac, typeARP, arp(2, at.mac, other, at.router, other, "arp-claims-other")),
		"arp-asks-as-other":  ether(broadcast, at.mac, typeARP, arp(1, at.mac, other, at.router, victim, "arp-asks-as-other")),
		"arp-foreign-mac":    ether(at.router, foreign, typeARP, arp(2, foreign, at.address, at.router, other, "arp-foreign-mac")),
		"router-advert":      ether(net.HardwareAddr{0x33, 0x33, 0, 0, 0, 1}, at.mac, typeIPv6, icmp6(134, "router-advert")),
		"neighbour-advert":   ether(at.router, at.mac, typeIPv6, icmp6(136, "neighbour-advert")),
		"spanning-tree":      append(ether(net.HardwareAddr{1, 0x80, 0xc2, 0, 0, 0}, at.mac, 38, []byte{0x42, 0x42, 3}), marker+"spanning-tree"...),
	}
	for _, name := range sorted(frames) {
		if err := syscall.Sendto(socket, frames[name], 0, &syscall.SockaddrLinklayer{Ifindex: at.index, Halen: 6}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println("sent", name)
	}
	return nil
}

func watch(duration time.Duration) error {
	device, err := net.InterfaceByName(link)
	if err != nil {
		return err
	}
	socket, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, int(swap(typeAll)))
	if err != nil {
		return fmt.Errorf("raw socket: %w", err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrLinklayer{Protocol: swap(typeAll), Ifindex: device.Index}); err != nil {
		return err
	}
	if err := syscall.SetsockoptTimeval(socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Usec: 200_000}); err != nil {
		return err
	}
	seen := map[string]bool{}
	frame := make([]byte, 65536)
	fmt.Println("watching")
	for end := time.Now().Add(duration); time.Now().Before(end); {
		length, from, err := syscall.Recvfrom(socket, frame, 0)
		if err != nil {
			continue
		}
		// Not what this pod sends, and not what an error quotes of it.
		if address, ok := from.(*syscall.SockaddrLinklayer); ok && address.Pkttype == syscall.PACKET_OUTGOING {
			continue
		}
		if _, rest, found := bytes.Cut(frame[:length], []byte(marker)); found {
			name, _, _ := strings.Cut(string(rest), "\x00")
			if !seen[name] {
				seen[name] = true
				fmt.Println("arrived", name)
			}
		}
	}
	return nil
}

func ether(to, from net.HardwareAddr, kind uint16, payload []byte) []byte {
	frame := append(append([]byte{}, to...), from...)
	return append(binary.BigEndian.AppendUint16(frame, kind), payload...)
}

func ip(from, to net.IP, protocol byte, options, payload []byte) []byte {
	header := make([]byte, 20, 20+len(options)+len(payload))
	header[0] = byte(0x40 | (20+len(options))/4)
	binary.BigEndian.PutUint16(header[2:], uint16(20+len(options)+len(payload)))
	header[8], header[9] = 64, protocol
	copy(header[12:], from)
	copy(header[16:], to)
	header = append(header, options...)
	binary.BigEndian.PutUint16(header[10:], checksum(header))
	return append(header, payload...)
}

func datagram(port uint16, name string) []byte {
	text := marker + name + "\x00"
	// No checksum: IPv4 allows it.
	data := binary.BigEndian.AppendUint16(nil, port)
	data = binary.BigEndian.AppendUint16(data, port)
	data = binary.BigEndian.AppendUint16(data, uint16(8+len(text)))
	return append(append(data, 0, 0), text...)
}

func udp(from, to net.IP, port uint16, name string) []byte {
	return ip(from, to, syscall.IPPROTO_UDP, nil, datagram(port, name))
}

// sourceRouted asks each router to send it by way of VIA (RFC 791, loose source route).
func sourceRouted(from, to, via net.IP, name string) []byte {
	options := append([]byte{131, 7, 4}, to...)
	return ip(from, via, syscall.IPPROTO_UDP, append(options, 0), datagram(9, name))
}

func arp(operation uint16, mac net.HardwareAddr, address net.IP, targetMac net.HardwareAddr, target net.IP, name string) []byte {
	packet := []byte{0, 1, 8, 0, 6, 4}
	packet = binary.BigEndian.AppendUint16(packet, operation)
	packet = append(append(packet, mac...), address...)
	packet = append(append(packet, targetMac...), target...)
	return append(packet, marker+name+"\x00"...)
}

func icmp6(kind byte, name string) []byte {
	body := append([]byte{kind, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}, marker+name+"\x00"...)
	from, to := net.ParseIP("fe80::66"), net.ParseIP("ff02::1")
	sum := append(append([]byte{}, from...), to...)
	sum = binary.BigEndian.AppendUint32(sum, uint32(len(body)))
	sum = append(append(sum, 0, 0, 0, 58), body...)
	binary.BigEndian.PutUint16(body[2:], checksum(sum))
	header := []byte{0x60, 0, 0, 0}
	header = binary.BigEndian.AppendUint16(header, uint16(len(body)))
	header = append(append(append(header, 58, 255), from...), to...)
	return append(header, body...)
}

func checksum(data []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(data); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(data[i:]))
	}
	if len(data)%2 == 1 {
		sum += uint32(data[len(data)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// swap brings a protocol number into network order.
func swap(number uint16) uint16 { return number<<8 | number>>8 }

func sorted(frames map[string][]byte) []string {
	var names []string
	for name := range frames {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
