using Inspect;
using Samples.Shared;

return Run.Guarded(cancel =>
{
    var options = InspectOptions.Parse(args);
    if (options is null) Console.WriteLine(InspectOptions.Help);
    else InspectRun.Execute(options, cancel);
});
