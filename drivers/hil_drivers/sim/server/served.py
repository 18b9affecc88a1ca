"""What serves each kind of simulated device: the one place that knows both sides."""

from __future__ import annotations

from functools import partial, singledispatch
from pathlib import Path

from ..devices.artnet import ArtnetDevice
from ..devices.ascii2 import Ascii2Device
from ..devices.audio_analyser import AudioAnalyserDevice
from ..devices.base import SimDevice
from ..devices.camera import CameraDevice
from ..devices.carriage import CarriageDevice
from ..devices.cl200a import Cl200aDevice
from ..devices.digital_io import DigitalIoDevice
from ..devices.hmp import HmpDevice
from ..devices.manual import ManualDevice
from ..devices.modbus import ModbusDevice
from ..devices.mqtt_meter import MqttMeterDevice
from ..devices.natnet import NatnetDevice
from ..devices.pt100_scanner import ScannerDevice
from ..devices.ros2_robot import Ros2RobotDevice
from ..devices.scene_server import SceneServerDevice
from ..devices.scpi import ScpiInstrumentDevice
from ..devices.sign_panel import PanelDevice
from ..devices.simserv import SimservDevice
from ..devices.synthetic import SyntheticDevice
from ..devices.t10a import T10aDevice
from ..devices.ur_rtde import UrRtdeDevice
from ..devices.video import VideoDevice
from ..world import World
from .endpoint import Endpoint


@singledispatch
def endpoint(device: SimDevice, name: str, world: World, directory: Path) -> Endpoint:
    """What serves ``device``, not open yet.

    :param directory: a private directory for links to pseudo-terminals.
    """
    raise TypeError(f"nothing serves {name!r} of kind {device.kind!r} in {directory} of {world!r}")


@endpoint.register
def _artnet(device: ArtnetDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .artnet import ArtnetEndpoint

    return ArtnetEndpoint(name, device, world)


@endpoint.register
def _ascii2(device: Ascii2Device, name: str, world: World, directory: Path) -> Endpoint:
    from .ascii2 import Ascii2Serial, Ascii2Tcp

    if device.link == "tcp":
        return Ascii2Tcp(name, device, world)
    return Ascii2Serial(name, device, world, directory)


@endpoint.register
def _audio_analyser(device: AudioAnalyserDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .audio_analyser import AudioAnalyser, AudioProtocol
    from .endpoint import TcpEndpoint

    return TcpEndpoint(name, world, partial(AudioProtocol, name, AudioAnalyser(name, device, world), world))


@endpoint.register
def _camera(device: CameraDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .video import CameraEndpoint

    return CameraEndpoint(name, device, world)


@endpoint.register
def _carriage(device: CarriageDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from ..luxmeter import luxmeters
    from .endpoint import TcpEndpoint
    from .scpi import carriage

    positions = {meter.device.carriage_position for meter in luxmeters(world).values()}
    return TcpEndpoint(name, world, partial(carriage, world, positions=positions | {0, 1}))


@endpoint.register
def _cl200a(device: Cl200aDevice, name: str, world: World, directory: Path) -> Endpoint:
    from ..luxmeter import luxmeters
    from .serial_cl200a import Cl200aProtocol
    from .terminal import TerminalEndpoint

    meter = luxmeters(world)[name]
    return TerminalEndpoint(name, world, directory, lambda faults: Cl200aProtocol(name, device, meter, world, faults))


@endpoint.register
def _digital_io(device: DigitalIoDevice, name: str, world: World, directory: Path) -> Endpoint:
    from ..digital_io import DigitalIo
    from ..faults import Faults
    from .digital_io import DigitalIoMemory
    from .modbus import modbus_endpoint

    memory = DigitalIoMemory(DigitalIo(device, world, Faults(name, world)))
    return modbus_endpoint(name, world, memory, device, directory=directory)


@endpoint.register
def _hmp(device: HmpDevice, name: str, world: World, directory: Path) -> Endpoint:
    from ..climate_probe import ClimateProbe
    from ..faults import Faults
    from .hmp import HmpMemory
    from .modbus import modbus_endpoint

    memory = HmpMemory(ClimateProbe(name, device, world), world, Faults(name, world))
    return modbus_endpoint(name, world, memory, device, directory=directory)


@endpoint.register
def _manual(device: ManualDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .endpoint import TcpEndpoint
    from .operator import OperatorProtocol

    return TcpEndpoint(name, world, partial(OperatorProtocol, name, device, world))


@endpoint.register
def _modbus(device: ModbusDevice, name: str, world: World, directory: Path) -> Endpoint:
    from ..faults import Faults
    from .modbus import modbus_endpoint
    from .modbus_map import MapMemory

    memory = MapMemory(name, device, world, Faults(name, world))
    return modbus_endpoint(name, world, memory, device, directory=directory)


@endpoint.register
def _mqtt_meter(device: MqttMeterDevice, name: str, world: World, directory: Path) -> Endpoint:
    from .mqtt_meter import MqttMeterEndpoint

    return MqttMeterEndpoint(name, device, world, directory)


@endpoint.register
def _natnet(device: NatnetDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from ..tracker import Tracker
    from .natnet import NatnetEndpoint

    return NatnetEndpoint(name, Tracker(name, device, world), device, world)


@endpoint.register
def _pt100_scanner(device: ScannerDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from ..thermometer import Thermometer
    from .endpoint import TcpEndpoint
    from .scanner import scanner

    probes = {device.channel(point).channel: Thermometer(name, point, device, world) for point in device.channels}
    return TcpEndpoint(name, world, scanner(device, world, probes))


@endpoint.register
def _ros2_robot(device: Ros2RobotDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from ..base import bases
    from .ros2_robot import RobotEndpoint

    return RobotEndpoint(name, device, bases(world)[name], world)


@endpoint.register
def _scpi(device: ScpiInstrumentDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .endpoint import TcpEndpoint
    from .scpi_described import described

    return TcpEndpoint(name, world, described(name, device, world))


@endpoint.register
def _scene_server(device: SceneServerDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .endpoint import TcpEndpoint
    from .scene_server import SceneProtocol

    return TcpEndpoint(name, world, partial(SceneProtocol, name, world))


@endpoint.register
def _sign_panel(device: PanelDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .endpoint import TcpEndpoint
    from .scpi import panel

    return TcpEndpoint(name, world, partial(panel, world))


@endpoint.register
def _simserv(device: SimservDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .simserv import SimservEndpoint

    return SimservEndpoint(name, device, world)


@endpoint.register
def _synthetic(device: SyntheticDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from ..sound.listener import SyntheticListener
    from ..synthetic import SyntheticReader
    from .endpoint import TcpEndpoint
    from .scpi_synthetic import synthetic

    answers = SyntheticReader(name, device, world), SyntheticListener(name, device, world)
    return TcpEndpoint(name, world, partial(synthetic, *answers))


@endpoint.register
def _t10a(device: T10aDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from ..luxmeter import luxmeters
    from .serial_t10a import T10aProtocol
    from .terminal import TerminalEndpoint

    meter = luxmeters(world)[name]
    return TerminalEndpoint(name, world, directory, lambda faults: T10aProtocol(meter, world, faults))


@endpoint.register
def _ur_rtde(device: UrRtdeDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from ..arm import arms
    from .rtde import RtdeEndpoint

    return RtdeEndpoint(name, arms(world)[name], device, world)


@endpoint.register
def _video(device: VideoDevice, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG001
    from .video_push import VideoEndpoint

    return VideoEndpoint(name, device, world)
