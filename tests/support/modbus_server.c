/* A Modbus server on libmodbus, as an independent peer: prints where it listens, serves until it is killed.
 * "tcp": one connection after the other on 127.0.0.1, at a free port; "rtu PATH ID": on a serial port.
 * Registers are those of a climate probe (floats low word first), coils and inputs for the rest. */
#include <arpa/inet.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(uint16_t *registers, float value) {
    memcpy(registers, &value, sizeof value); /* on a little-endian machine: low word first */
}

static void serve(modbus_t *context, modbus_mapping_t *map) {
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int length = modbus_receive(context, query);
        if (length > 0)
            modbus_reply(context, query, length, map);
        else if (length < 0)
            return;
    }
}

int main(int argc, char **argv) {
    int rtu = argc == 4 && strcmp(argv[1], "rtu") == 0;
    modbus_t *context = rtu ? modbus_new_rtu(argv[2], 19200, 'N', 8, 2) : modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *map = modbus_mapping_new(64, 64, 0x2000, 64);
    if (context == NULL || map == NULL)
        return 1;
    put(map->tab_registers + 0x0000, 45.25f);
    put(map->tab_registers + 0x0002, 23.5f);
    map->tab_registers[0x1F00] = (uint16_t)-12345;
    put(map->tab_registers + 0x1F01, -123.45f);
    for (int i = 0; i < 64; i++) {
        map->tab_input_registers[i] = 100 + i;
        map->tab_input_bits[i] = i % 3 == 0;
    }
    if (rtu) {
        modbus_set_slave(context, atoi(argv[3]));
        if (modbus_connect(context) < 0 || printf("%s\n", argv[2]) < 0 || fflush(stdout))
            return 1;
        for (;;)
            serve(context, map);
    }
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    int listening = modbus_tcp_listen(context, 4);
    getsockname(listening, (struct sockaddr *)&here, &size);
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    while (modbus_tcp_accept(context, &listening) >= 0) {
        serve(context, map);
        modbus_close(context);
    }
    return 0;
}
