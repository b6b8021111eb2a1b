"""Power logs of two minutes around two runs, in every format, of a power that is known at every instant.

Each function gives a text; `series` is what the log says, so that the energy of the unharmed file is known without the importer.
"""

import datetime
import json

from quantities import NS

BEGIN = 1_777_885_200 * NS  # 2026-05-04T09:00:00Z: a day that could be a month
SECONDS = 120
# The runs, in s after the beginning: both between two readings, with a busy and an idle stretch around them.
RUNS = [(20.4, 50.2), (60.3, 100.6)]


def watts(device, s):
    """W of a device: idle, and another load in each run."""
    busy = next((run for run, (start, end) in enumerate(RUNS) if start <= s <= end), None)
    level = 60.0 if busy is None else (260.0, 380.0)[busy]
    return round(level + 11.0 * device + 4.25 * ((7 * s + 3 * device) % 5), 2)


def instants(step=1):
    return [BEGIN + s * NS for s in range(0, SECONDS + 1, step)]


def at(ns):
    return (ns - BEGIN) // NS


def joules(device, s):
    """J since the beginning: mean of neighbouring powers."""
    return sum((watts(device, k) + watts(device, k + 1)) / 2 for k in range(s))


def moment(ns, form):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=ns // 1000)).strftime(form)


def rows(header, row, devices, step=1):
    lines = [row(ns, device, watts(device, at(ns))) for ns in instants(step) for device in range(devices)]
    return "\n".join([header, *lines]) + "\n"


def nvidia_smi(devices, index=True):
    head = "timestamp, index, name, power.draw [W], temperature.gpu, utilization.gpu [%]"
    line = lambda ns, d, w: f"{moment(ns, '%Y/%m/%d %H:%M:%S.000')}, {d}, Example H-Class 80GB, {w:.2f} W, {60 + d}, 98 %"
    bare = lambda ns, d, w: f"{moment(ns, '%Y/%m/%d %H:%M:%S.000')}, {w:.2f} W, {60 + d}"
    return rows(head, line, devices) if index else rows("timestamp, power.draw [W], temperature.gpu", bare, devices)


def nvidia_nounits(devices):
    head = "timestamp, uuid, power.limit, power.draw, temperature.gpu"
    return rows(head, lambda ns, d, w: f"{moment(ns, '%Y/%m/%d %H:%M:%S.000')}, GPU-{d:04}, 700.00, {w:.2f}, {60 + d}", devices)


def dmon(devices):
    head = "#Date       Time        gpu    pwr  gtemp     sm    mem\n#YYYYMMDD   HH:MM:SS    Idx      W      C      %      %"
    return rows(head, lambda ns, d, w: f"{moment(ns, ' %Y%m%d   %H:%M:%S')}  {d}  {w:.0f}  61  97  40", devices)


def dcgm(devices, counter):
    """Prometheus's matrix; a counter in mJ."""
    name = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION" if counter else "DCGM_FI_DEV_POWER_USAGE"
    value = lambda d, s: f"{1e6 + joules(d, s) * 1e3:.0f}" if counter else f"{watts(d, s)}"
    metric = lambda d: {"__name__": name, "gpu": str(d), "UUID": f"GPU-{d:04}", "modelName": "Example 80GB", "Hostname": "node-a"}
    series = [{"metric": metric(d), "values": [[ns // NS, value(d, at(ns))] for ns in instants()]} for d in range(devices)]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}})


def zeus(devices):
    """A window before, in, between and after the runs."""
    edges = [0.0, *RUNS[0], *RUNS[1], float(SECONDS)]
    lines = ["start_time,window_name,elapsed_time," + ",".join(f"gpu{d}_energy" for d in range(devices))]
    for number, (start, end) in enumerate(zip(edges, edges[1:])):
        energies = [f"{(end - start) * (70.0 + 90.0 * (number % 2) + 10.0 * d):.2f}" for d in range(devices)]
        lines.append(f"{BEGIN / NS + start:.1f},window{number},{end - start:.1f},{','.join(energies)}")
    return "\n".join(lines) + "\n"


def codecarbon():
    """flush() every two seconds: totals of one run."""
    head = "timestamp,project_name,run_id,experiment_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,cpu_energy,gpu_energy," \
        "ram_energy,energy_consumed,water_consumed,country_name,country_iso_code,region,os,python_version,codecarbon_version,cpu_count," \
        "cpu_model,gpu_count,gpu_model,longitude,latitude,ram_total_size,tracking_mode,on_cloud,pue,wue"
    lines = [head]
    for ns in instants(2)[1:]:
        s = at(ns)
        parts = [s * 42.5 / 3.6e6, joules(0, s) / 3.6e6, s * 20.0 / 3.6e6]
        energies = ",".join(f"{part:.9f}" for part in [*parts, sum(parts)])
        lines.append(f"{moment(ns, '%Y-%m-%dT%H:%M:%S')},bench,aaaaaaaa-0000-4000-8000-000000000001,,{s}.0,{sum(parts) * 380:.6f},0.000038,42.5,"
                     f"{watts(0, s)},20.0,{energies},0.0,Germany,DEU,,Linux-6.8-x86_64,3.11.9,3.1.0,32,Example CPU,1,1 x Example GPU,10.0,50.0,"
                     "128.0,machine,N,1.0,0.0")
    return "\n".join(lines) + "\n"


def rapl(devices):
    head = "timestamp,zone,energy_uj,max_energy_range_uj"
    row = lambda ns, d, w: f"{ns / NS:.1f},package-{d},{200_000_000_000 + d * 7_123_456_789 + joules(d, at(ns)) * 1e6:.0f},262143328850"
    return rows(head, row, devices)


def powermetrics():
    head = "Machine model: ExampleBook1,1\nOS version: 25A000\nBoot time: Mon May  4 08:00:00 2026\n\n"
    block = lambda ns, w: (
        f"*** Sampled system activity ({moment(ns, '%a %b %d %H:%M:%S %Y')} +0000) (1000.00ms elapsed) ***\n\n**** Processor usage ****\n\n"
        f"E-Cluster HW active frequency: 1020 MHz\n\nCPU Power: {w * 60:.0f} mW\nGPU Power: {w * 80:.0f} mW\nANE Power: 0 mW\n"
        f"Combined Power (CPU + GPU + ANE): {round(w * 60) + round(w * 80):.0f} mW\n\n**** GPU usage ****\n\nGPU Power: {w * 80:.0f} mW\n\n")
    return head + "".join(block(ns, watts(0, at(ns))) for ns in instants()[1:])


def turbostat(joules_columns=False):
    names = "Pkg_J\tCor_J\tRAM_J" if joules_columns else "PkgWatt\tCorWatt\tRAMWatt"
    head = f"usec\tTime_Of_Day_Seconds\tCore\tCPU\tAvg_MHz\tBusy%\t{names}"
    row = lambda ns, d, w: f"41\t{ns // NS}.000000\t-\t-\t900\t30.00\t{w / 2:.2f}\t{w / 3:.2f}\t4.00"
    return rows(head, row, 1)


def ptdaemon():
    row = lambda ns, d, w: (f"Time,{moment(ns, '%m-%d-%Y %H:%M:%S.000')},Watts,{w:.6f},Volts,230.000000,Amps,{w / 225.4:.6f},PF,0.980000,"
                            "Mark,2026-05-04_09-00-00_run_testing")
    head = f"Time,{moment(BEGIN - NS, '%m-%d-%Y %H:%M:%S.100')},NOTICE,Analyzer identity response of 32 bytes: EXAMPLE,WT000,000000,F1.00"
    return rows(head, row, 1)


def amd_smi(devices):
    head = "timestamp,gpu,gfx_activity,umc_activity,socket_power,gfx_voltage,throttle_status,gfx_0_clk,edge,hotspot,mem"
    return rows(head, lambda ns, d, w: f"{ns // NS},{d},98,71,{w:.0f},N/A,N/A,2100,N/A,66,51", devices)


def rocm_smi(devices):
    head = "timestamp,device,Average Graphics Package Power (W),GPU use (%)"
    return rows(head, lambda ns, d, w: f"{ns / NS:.3f},card{d},{w:.1f},99", devices)


def tegrastats():
    row = lambda ns, d, w: (f"{moment(ns, '%m-%d-%Y %H:%M:%S')} RAM 4722/30592MB (lfb 5x4MB) CPU [4%@729,off] EMC_FREQ 0%@2133 "
                            f"GR3D_FREQ 98%@[611] SOC2@47.9C tj@50C VDD_IN {w * 100:.0f}mW/{w * 99:.0f}mW VDD_CPU_GPU_CV {w * 30:.0f}mW/{w * 30:.0f}mW "
                            f"VDD_SOC {w * 10:.0f}mW/{w * 10:.0f}mW")
    lines = [row(ns, 0, watts(0, at(ns))) for ns in instants()]
    return "\n".join(lines) + "\n"


def hwinfo():
    head = 'Date,Time,"CPU Package Power [W]","GPU Temperature [°C]","GPU Power [W]","Total CPU Usage [%]",'
    line = lambda ns, d, w: f"{moment(ns, '%d.%m.%Y').lstrip('0').replace('.0', '.')},{moment(ns, '%H:%M:%S.000')},{w / 4:.1f},61,{w:.1f},20.1,"
    return rows(head, line, 1)


def shelly(generation):
    lines = []
    for ns in instants():
        s, w = at(ns), watts(0, at(ns))
        meter = {"power": w, "is_valid": True, "timestamp": ns // NS + 7200, "counters": [w, w, w], "total": round(120_000 + joules(0, s) / 60)}
        switch = {"id": 0, "output": True, "apower": w, "voltage": 230.1, "current": 2.6,
                  "aenergy": {"total": round(2000 + joules(0, s) / 3600, 3), "by_minute": [9800.0, 9900.0, 9700.0], "minute_ts": ns // NS}}
        status = {"unixtime": ns // NS, "meters": [meter]} if generation == 1 else {"sys": {"unixtime": ns // NS}, "switch:0": switch}
        lines.append(json.dumps(status))
    return "\n".join(lines) + "\n"


def tasmota():
    energy = lambda s: {"TotalStartTime": "2024-01-01T00:00:00", "Total": round(10.1 + joules(0, s) / 3.6e6, 3), "Yesterday": 1.1, "Today": 0.5,
                        "Period": 8, "Power": round(watts(0, s)), "ApparentPower": round(watts(0, s) * 1.04), "Factor": 0.98, "Voltage": 230}
    lines = [json.dumps({"Time": moment(ns, "%Y-%m-%dT%H:%M:%S"), "ENERGY": energy(at(ns))}) for ns in instants()]
    return "\n".join(lines) + "\n"


def home_assistant_csv():
    row = lambda ns, d, w: f"sensor.server_plug_power,{w:.1f},{moment(ns, '%Y-%m-%dT%H:%M:%S.000Z')}"
    return rows("entity_id,state,last_changed", row, 1)


def home_assistant_json():
    states = [{"entity_id": "sensor.server_plug_power", "state": f"{watts(0, at(ns)):.1f}", "attributes": {"unit_of_measurement": "W"},
               "last_changed": moment(ns, "%Y-%m-%dT%H:%M:%S+00:00")} for ns in instants()]
    return json.dumps([states])


def aiperf_telemetry(devices):
    lines = []
    for ns in instants():
        for d in range(devices):
            data = {"gpu_power_usage": watts(d, at(ns)), "energy_consumption": round(0.5 + joules(d, at(ns)) / 1e6, 9), "gpu_utilization": 98.0,
                    "gpu_memory_used": 70.2, "gpu_temperature": 61.0, "xid_errors": 0.0}
            lines.append(json.dumps({"timestamp_ns": ns, "dcgm_url": "http://localhost:9400/metrics", "gpu_index": d, "gpu_uuid": f"GPU-{d:04}",
                                     "gpu_model_name": "Example H-Class 80GB", "hostname": "node-a", "telemetry_data": data}))
    return "\n".join(lines) + "\n"


def csv_power(devices):
    row = lambda ns, d, w: f"{moment(ns, '%Y-%m-%dT%H:%M:%SZ')},gpu{d},{w:.2f}"
    return rows("time,device,power_w", row, devices)


def csv_energy():
    return rows("time,energy_j", lambda ns, d, w: f"{moment(ns, '%Y-%m-%dT%H:%M:%SZ')},{5000 + joules(d, at(ns)):.3f}", 1)


def csv_kilowatt():
    return rows("time,power_kw,temperature_c", lambda ns, d, w: f"{moment(ns, '%Y-%m-%dT%H:%M:%SZ')},{w / 1000:.3f},41.5", 1)
