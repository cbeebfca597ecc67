<#
.SYNOPSIS
    Tells Tandem how a Veeam job or alarm went. Windows PowerShell 5.1 and PowerShell 7.

.DESCRIPTION
    Two uses:
    - Veeam Backup & Replication, "Run the following script after the job":
        powershell.exe -ExecutionPolicy Bypass -File C:\Tandem\tandem-post-job.ps1 -FromVeeamJob
      The job's result is known only after this script has returned, so it starts itself again in the background,
      waits for the session to end and posts then.
    - Veeam ONE, alarm action "Run script", with Veeam ONE's own variables:
        powershell.exe -ExecutionPolicy Bypass -File C:\Tandem\tandem-post-job.ps1 -Product veeam-one
          -Alarm "%1" -Object "%2" -Information "%3" -Time "%4" -Status "%5" -PreviousStatus "%6" -AlarmId "%7"

    The address and the secret stand in C:\ProgramData\Tandem\veeam.json, readable by the service account only:
        { "url": "https://tandem.example/v1/alerts/veeam-lyon", "secret": "...", "signing": "bearer", "customer": "Acme" }
    "signing" is "bearer" (default) or "hmac" (X-Tandem-Signature: sha256=<hex HMAC-SHA256 of the body>).

    Exit code 0: stored by Tandem. 1: not, after every try; the reason is in the Application event log and on stderr.
#>
[CmdletBinding()]
param(
    [string] $Product = 'veeam-vbr',
    [string] $Alarm,
    [string] $AlarmId,
    [string] $Job,
    [string] $Object,
    [string] $Status,
    [string] $PreviousStatus,
    [string] $Time,
    [string] $Information,
    [switch] $FromVeeamJob,
    [string] $WaitForJobId,
    [string] $ConfigFile = (Join-Path $env:ProgramData 'Tandem\veeam.json')
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$WaitMinutes = 30
$PauseSeconds = 2, 5, 15, 30, 60, 120, 240

function Get-ParentJobId {
    # Veeam's job manager, the parent of this process, has the job's id on its command line.
    $self = Get-CimInstance Win32_Process -Filter "ProcessId = $PID"
    $parent = Get-CimInstance Win32_Process -Filter "ProcessId = $($self.ParentProcessId)"
    $ids = [regex]::Matches($parent.CommandLine, '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')
    if ($ids.Count -eq 0) { throw 'not started by a Veeam job: no job id on the command line of the parent process' }
    foreach ($id in $ids) {
        if (Get-VBRJob -WarningAction SilentlyContinue | Where-Object { $_.Id -eq $id.Value }) { return $id.Value }
    }
    return $ids[0].Value
}

function Start-Waiting([string] $JobId) {
    $arguments = @('-NoProfile', '-ExecutionPolicy', 'Bypass', '-File', "`"$PSCommandPath`"",
        '-WaitForJobId', $JobId, '-ConfigFile', "`"$ConfigFile`"")
    $shell = (Get-Process -Id $PID).Path
    Start-Process -FilePath $shell -ArgumentList $arguments -WindowStyle Hidden
}

function Wait-Session([string] $JobId) {
    $until = (Get-Date).AddMinutes($WaitMinutes)
    do {
        $session = Get-VBRBackupSession | Where-Object { $_.JobId -eq $JobId } |
            Sort-Object CreationTimeUTC -Descending | Select-Object -First 1
        if ($session -and $session.State -eq 'Stopped') { return $session }
        Start-Sleep -Seconds 5
    } while ((Get-Date) -lt $until)
    throw "the session of job $JobId did not end within $WaitMinutes minutes"
}

function New-JobBodies($Session, $Config) {
    # One body for the job and one for each object in it, successes too: the next success clears what had failed.
    $ended = $Session.EndTimeUTC.ToString('yyyy-MM-ddTHH:mm:ssZ')
    New-Body -Config $Config -Fields @{
        product = 'veeam-vbr'; job = $Session.JobName; object = $Session.JobName; status = "$($Session.Result)"
        time = $ended; information = "$($Session.Info.Reason)"
    }
    foreach ($task in $Session.GetTaskSessions() | Where-Object { "$($_.Status)" -in 'Success', 'Warning', 'Failed' }) {
        New-Body -Config $Config -Fields @{
            product = 'veeam-vbr'; job = $Session.JobName; object = $task.Name; status = "$($task.Status)"
            time = $ended; information = "$($task.Info.Reason)"
        }
    }
}

function New-Body($Config, [hashtable] $Fields) {
    $body = [ordered] @{ tandem = 'veeam/1'; server = $env:COMPUTERNAME }
    foreach ($name in $Fields.Keys) { if ($Fields[$name]) { $body[$name] = $Fields[$name] } }
    if ($Config.PSObject.Properties['customer']) { $body['customer'] = $Config.customer }
    return ($body | ConvertTo-Json -Compress)
}

function Get-AuthHeaders($Config, [byte[]] $Bytes) {
    $signing = if ($Config.PSObject.Properties['signing']) { $Config.signing } else { 'bearer' }
    if ($signing -ne 'hmac') { return @{ Authorization = "Bearer $($Config.secret)" } }
    $hmac = New-Object System.Security.Cryptography.HMACSHA256 -ArgumentList (, [Text.Encoding]::UTF8.GetBytes($Config.secret))
    $hex = -join ($hmac.ComputeHash($Bytes) | ForEach-Object { $_.ToString('x2') })
    return @{ 'X-Tandem-Signature' = "sha256=$hex" }
}

function Send-Body($Config, [string] $Body) {
    $bytes = [Text.Encoding]::UTF8.GetBytes($Body)
    $headers = Get-AuthHeaders $Config $bytes
    for ($try = 0; ; $try++) {
        try {
            $null = Invoke-WebRequest -Uri $Config.url -Method Post -Body $bytes -Headers $headers `
                -ContentType 'application/json; charset=utf-8' -UseBasicParsing -TimeoutSec 15
            return
        }
        catch {
            # Windows PowerShell and PowerShell 7 have different exceptions; both keep the answer in Response.
            $response = if ($_.Exception.PSObject.Properties['Response']) { $_.Exception.Response } else { $null }
            $code = if ($response) { [int] $response.StatusCode } else { 0 }
            $final = $code -ge 400 -and $code -lt 500 -and $code -notin 408, 429
            if ($final -or $try -ge $PauseSeconds.Count) { throw "Tandem did not take it: HTTP $code $($_.Exception.Message)" }
            Start-Sleep -Seconds $PauseSeconds[$try]
        }
    }
}

function ConvertTo-Instant([string] $Value) {
    # Veeam ONE writes local time in the server's format; Tandem takes no time without a zone.
    $at = [datetime]::MinValue
    if ($Value -and [datetime]::TryParse($Value, [ref] $at)) { return $at.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') }
    return (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
}

try {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    $config = Get-Content -Raw -Path $ConfigFile | ConvertFrom-Json
    if ($FromVeeamJob -or $WaitForJobId) { Import-Module Veeam.Backup.PowerShell -DisableNameChecking }
    if ($FromVeeamJob) { Start-Waiting (Get-ParentJobId); exit 0 }
    if ($WaitForJobId) {
        foreach ($body in New-JobBodies (Wait-Session $WaitForJobId) $config) { Send-Body $config $body }
        exit 0
    }
    Send-Body $config (New-Body -Config $config -Fields @{
            product = $Product; alarm = $Alarm; alarm_id = $AlarmId; job = $Job; object = $Object; status = $Status
            previous_status = $PreviousStatus; time = (ConvertTo-Instant $Time); information = $Information
        })
    exit 0
}
catch {
    $reason = "tandem-post-job: $($_.Exception.Message)"
    [Console]::Error.WriteLine($reason)
    try {
        if (-not [Diagnostics.EventLog]::SourceExists('Tandem')) { New-EventLog -LogName Application -Source 'Tandem' }
        Write-EventLog -LogName Application -Source 'Tandem' -EventId 1 -EntryType Error -Message $reason
    }
    catch { [Console]::Error.WriteLine('tandem-post-job: the event log cannot be written') }
    exit 1
}
