using Quickstart;
using Samples.Shared;

return Run.Guarded(cancel =>
{
    var line = QuickstartOptions.Describe().Parse(args);
    if (line.WantsHelp) Console.WriteLine(line.Help);
    else QuickstartRun.Execute(QuickstartOptions.Read(line), cancel);
});
